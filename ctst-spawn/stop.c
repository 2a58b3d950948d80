#include "ctst-spawn/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/event.h"
#include "common/file.h"
#include "common/names.h"
#include "common/status.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/identity.h"

/* Beyond a container's own limit, for the supervisor to notice and write it down. */
#define GRACE_MS 5000

#define COMING_UP_MS 5000 /* what a supervisor may need until it has written its status */
#define LOCK_CHECK_MS 20

/* Its status.json has been written, or some milliseconds have passed. */
static void await_change(int inotify)
{
	struct pollfd watch = { .fd = inotify, .events = POLLIN };
	char events[4096];

	if (poll(&watch, 1, LOCK_CHECK_MS) > 0)
		(void)read(inotify, events, sizeof(events));
}

/*
 * As ct_status_read(), but a supervisor that is just coming up is waited for: it writes down who it is when the
 * command runs or could not be started. That it has died in the meantime no event tells, only its lock. With `rewritten` a
 * damaged status is waited for as well, since its supervisor is about to write another one.
 */
static int read_status(const char *directory, struct ct_status *status, bool rewritten)
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autoclose int inotify = -1;
	int64_t end = ct_monotonic() + (int64_t)COMING_UP_MS * 1000000;
	int result = ct_status_read(directory, status, &ignored);

	while ((result == 0 || rewritten) && status->alive && status->supervisor.pid == 0 && ct_monotonic() < end) {
		if (inotify >= 0) {
			await_change(inotify);
		} else {
			inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
			if (inotify < 0 || inotify_add_watch(inotify, directory, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
				return result;
		}
		result = ct_status_read(directory, status, &ignored);
	}
	return result;
}

static int open_named(const struct ct_status *status)
{
	if (!status->alive) {
		errno = ESRCH;
		return -1;
	}
	/* It lives and has not said who it is: it hangs, or its status cannot be read. */
	if (status->supervisor.pid == 0) {
		errno = EAGAIN;
		return -1;
	}
	return ct_process_open(&status->supervisor);
}

int supervisor_open(const struct ct_state_entry *entry)
{
	struct ct_status status;

	if (read_status(entry->directory, &status, false) < 0 && errno == EMFILE)
		return -1;
	return open_named(&status);
}

/*
 * Who cannot be named can still be deprived of its container, when that is to be killed anyway: then it writes down
 * how that ended, and who it is.
 */
static int open_by_force(const struct ct_state_entry *entry)
{
	struct ct_status status;
	char group[PATH_MAX];

	if (!cgroup_path(entry->directory, group, sizeof(group)) || cgroup_kill(group) < 0) {
		errno = EAGAIN;
		return -1;
	}
	(void)read_status(entry->directory, &status, true);
	return open_named(&status);
}

int64_t supervisor_deadline(int seconds)
{
	return ct_monotonic() + (int64_t)seconds * 1000000000 + (int64_t)GRACE_MS * 1000000;
}

int supervisor_stop(int pidfd, int seconds)
{
	return ct_pidfd_signal(pidfd, seconds > 0 ? SIGTERM : SIGUSR1, seconds);
}

/* SIGKILL comes only when what they wait for does. */
static int hint_at_waiting(struct ct_err *err)
{
	return ct_err_hint(err, "its processes wait for a device or a file system that does not answer (state D in "
				"ps(1)), and end when it does");
}

int supervisor_cannot_be_killed(const char *name, struct ct_err *err)
{
	ct_fail(err, "R007", "the supervisor of '%s' was killed and has not ended", name);
	return hint_at_waiting(err);
}

struct target {
	const struct ct_state_entry *entry;
	int pidfd; /* -1: does not run (any more) */
	bool asked, killed;
	bool lost;        /* it has not ended, and is not waited for any longer */
	int64_t deadline; /* ct_monotonic() */
	size_t needed_by; /* how many of the others still run and need this one */
	size_t *needs;    /* indexes of those this one needs; owned */
	size_t needs_count;
};

/* The order comes from each container's config.json. One that cannot be read any more just has no order. */
static void read_needs_of(struct target *targets, size_t at, const struct ct_names *names)
{
	struct target *target = &targets[at];
	struct config config;
	struct ct_err ignored = CT_ERR_INIT;

	if (target->pidfd < 0 || config_read(target->entry->directory, &config, &ignored) < 0)
		return;
	target->needs = ct_alloc_array(config.after ? config.after->length : 0, sizeof(size_t));
	ct_json_each(name, config.after) {
		uint32_t found = ct_names_find(names, ct_slice_of(name->text ? name->text : ""));

		if (found == CT_NAME_UNKNOWN || targets[found].pidfd < 0 || found == at)
			continue;
		target->needs[target->needs_count++] = found;
		targets[found].needed_by++;
	}
	config_release(&config);
}

static void read_needs(struct target *targets, size_t count)
{
	ct_autonames names = CT_NAMES_INIT;

	for (size_t i = 0; i < count; i++)
		ct_names_add(&names, ct_slice_of(targets[i].entry->name), (uint32_t)i, NULL);
	for (size_t i = 0; i < count; i++)
		read_needs_of(targets, i, &names);
}

static int ask(struct target *target, int seconds, struct ct_err *err)
{
	target->asked = true;
	target->deadline = supervisor_deadline(seconds);
	if (supervisor_stop(target->pidfd, seconds) < 0 && errno != ESRCH)
		return ct_fail_errno(err, "R007", "cannot stop '%s'", target->entry->name);
	return 0;
}

static void ended(struct target *targets, struct target *target)
{
	close(target->pidfd);
	target->pidfd = -1;
	for (size_t i = 0; i < target->needs_count; i++)
		targets[target->needs[i]].needed_by--;
}

/*
 * The supervisor hangs (it may be stopped by a signal, or the disk does not answer):
 * its death is its container's, and the next command clears up. One that does not even die is left, after the others.
 */
static void check_deadline(struct target *targets, struct target *target, struct ct_err *err)
{
	if (!target->asked || ct_monotonic() <= target->deadline)
		return;
	if (target->killed) {
		target->lost = true;
		(void)supervisor_cannot_be_killed(target->entry->name, err);
		ended(targets, target);
		return;
	}
	target->killed = true;
	target->deadline = supervisor_deadline(0);
	(void)ct_pidfd_signal(target->pidfd, SIGKILL, 0);
}

/* As long as one after the other ends, nobody hangs: hundreds take longer to clear up than one does. */
static void postpone(struct target *targets, size_t count)
{
	int64_t deadline = supervisor_deadline(0);

	for (size_t i = 0; i < count; i++) {
		if (targets[i].asked && targets[i].deadline < deadline)
			targets[i].deadline = deadline;
	}
}

/* One round: ask whoever is not needed any more, then wait until something ends. Returns how many still run. */
static int stop_round(struct target *targets, size_t count, struct pollfd *watches, int seconds, struct ct_err *err)
{
	size_t running = 0, asked = 0;
	int changes;

	for (size_t i = 0; i < count; i++) {
		watches[i] = (struct pollfd){ .fd = -1 };
		if (targets[i].pidfd < 0)
			continue;
		running++;
		if (!targets[i].asked && targets[i].needed_by == 0 && ask(&targets[i], seconds, err) < 0)
			return -1;
		if (targets[i].asked)
			watches[i] = (struct pollfd){ .fd = targets[i].pidfd, .events = POLLIN };
		asked += targets[i].asked;
	}
	/* A cycle in what the directories say cannot come from us; nobody is spared for it. */
	for (size_t i = 0; running > 0 && asked == 0 && i < count; i++)
		targets[i].needed_by = 0;
	if (running == 0 || asked == 0)
		return (int)running;
	changes = poll(watches, count, 1000);
	if (changes < 0 && errno != EINTR)
		return ct_fail_errno(err, "R007", "cannot wait for the containers");
	if (changes > 0)
		postpone(targets, count);
	for (size_t i = 0; i < count; i++) {
		if (watches[i].revents)
			ended(targets, &targets[i]);
		else if (targets[i].pidfd >= 0)
			check_deadline(targets, &targets[i], err);
	}
	return (int)running;
}

static int cannot_reach(const struct ct_state_entry *entry, struct ct_err *err)
{
	char group[PATH_MAX];

	if (errno == EAGAIN) {
		ct_fail(err, "R007", "the supervisor of '%s' lives, but its status.json does not say who it is",
			entry->name);
		if (cgroup_path(entry->directory, group, sizeof(group)) && access(group, F_OK) == 0)
			return ct_err_hint(err, "'ctst stop --force %s' ends it", entry->name);
		return ct_err_hint(err, "it has no cgroup either: end the process that 'pgrep -f %s' shows", entry->id);
	}
	ct_fail_errno(err, "R007", "cannot reach the supervisor of '%s'", entry->name);
	return ct_err_hint(err, "raise the limit of open files (ulimit -n), or stop fewer at a time by name");
}

int stop_containers(const struct ct_state_entry *const *entries, size_t count, int seconds, size_t *stopped,
		    struct ct_err *err)
{
	struct target *targets = ct_alloc_array(count, sizeof(*targets));
	struct pollfd *watches = ct_alloc_array(count, sizeof(*watches));
	bool unreachable = false;
	int left = 0;

	*stopped = 0;
	for (size_t i = 0; i < count; i++)
		targets[i].pidfd = -1;
	for (size_t i = 0; i < count; i++) {
		targets[i] = (struct target){ .entry = entries[i], .pidfd = supervisor_open(entries[i]) };
		if (targets[i].pidfd < 0 && errno == EAGAIN && seconds == 0)
			targets[i].pidfd = open_by_force(entries[i]);
		*stopped += targets[i].pidfd >= 0;
		if (targets[i].pidfd >= 0 || errno == ESRCH)
			continue;
		/* One whose status is damaged is no reason to let the others run. */
		if (errno == EAGAIN) {
			unreachable = true;
			(void)cannot_reach(entries[i], err);
			continue;
		}
		left = cannot_reach(entries[i], err);
		break;
	}
	if (left == 0) {
		read_needs(targets, count);
		do
			left = stop_round(targets, count, watches, seconds, err);
		while (left > 0);
	}
	for (size_t i = 0; i < count; i++) {
		unreachable = unreachable || targets[i].lost;
		if (targets[i].pidfd >= 0)
			close(targets[i].pidfd);
		free(targets[i].needs);
	}
	free(targets);
	free(watches);
	return left < 0 || unreachable ? -1 : 0;
}

int containers_have_ended(const struct ct_state_entry *const *entries, size_t count, struct ct_err *err)
{
	char group[PATH_MAX];

	for (size_t i = 0; i < count; i++) {
		if (!cgroup_path(entries[i]->directory, group, sizeof(group)) || cgroup_remove(group) == 0)
			continue;
		ct_fail(err, "R007", "'%s' was killed, and its processes have not ended", entries[i]->name);
		return hint_at_waiting(err);
	}
	return 0;
}

/*
 * Whatever still runs: the supervisor by name, the rest by its cgroup or as members of
 * its pid namespace. false: a supervisor lives that has not said yet who it is.
 */
static bool kill_leftovers(const char *directory)
{
	struct ct_status status;
	const struct ct_process_id *ids[] = { &status.supervisor, &status.init };

	/* Without the lock there is no supervisor; pids in the file may then be anybody's, in a copy the original's. */
	(void)read_status(directory, &status, false);
	if (!status.alive)
		return true;
	if (status.supervisor.pid == 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		ct_autoclose int pidfd = ct_process_open(ids[i]);
		struct pollfd watch = { .fd = pidfd, .events = POLLIN };

		if (pidfd >= 0 && ct_pidfd_signal(pidfd, SIGKILL, 0) == 0)
			poll(&watch, 1, GRACE_MS);
	}
	return true;
}

static int remove_directory(const void *path)
{
	return ct_remove_tree_at(AT_FDCWD, path);
}

/* Without root, files of the container's users are another's, and only the container's root may remove them. */
static int remove_as_container(const char *directory)
{
	struct identity identity;
	struct ct_err ignored = CT_ERR_INIT;
	int claim, failure = errno;

	if (identity_choose("0", &identity, &claim, &ignored) == 0 && identity.kind == IDENTITY_SUBORDINATE)
		return identity_call(&identity, remove_directory, directory);
	errno = failure;
	return -1;
}

void container_removed(const struct ct_project *project, const char *id, const char *name, const char *image)
{
	(void)ct_event_append(project->directory, &(struct ct_event){ .kind = CT_EVENT_REMOVED,
								      .id = id,
								      .name = name,
								      .image = image,
								      .exit_code = -1,
								      .restarts = -1 });
}

int container_end(const struct ct_project *project, const char *id, struct ct_err *err)
{
	ct_autofree char *directory = ct_asprintf("%s/%s", project->containers, id);
	char group[PATH_MAX];

	if (!kill_leftovers(directory)) {
		ct_fail(err, "R007", "the supervisor of '%s' lives, but its status.json does not say who it is", id);
		return ct_err_hint(err, "try again when it has come up");
	}
	if (cgroup_path(directory, group, sizeof(group)) && cgroup_remove(group) < 0) {
		bool busy = errno == EBUSY;

		ct_fail_errno(err, "R002", "cannot remove the cgroup '%s'", group);
		return busy ? hint_at_waiting(err) : -1;
	}
	return 0;
}

int container_remove(const struct ct_project *project, const char *id, struct ct_err *err)
{
	ct_autofree char *directory = ct_asprintf("%s/%s", project->containers, id);
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;
	int status = 0;

	if (access(directory, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (container_end(project, id, err) < 0)
		return -1;
	/* Who it was, as long as that can be read. */
	(void)config_read(directory, &config, &ignored);
	if (ct_remove_tree_at(AT_FDCWD, directory) < 0 && remove_as_container(directory) < 0)
		status = ct_fail_errno(err, "S003", "cannot remove '%s'", directory);
	else
		container_removed(project, id, config.container.name, config.container.image);
	config_release(&config);
	return status;
}

int parse_seconds(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	return end != text && *end == '\0' && value >= 0 && value <= 86400 ? (int)value : -1;
}
