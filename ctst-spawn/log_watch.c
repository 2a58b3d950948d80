#include "ctst-spawn/log_watch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"

/*
 * Closing an inotify instance takes the kernel some ten milliseconds, so it is made only for containers that live
 * longer than a few of them. Until then the logs are simply read again.
 */
#define PATIENCE_ROUNDS 4
#define PATIENCE_MS 4
#define INCOMPLETE_MS 200
#define MILLISECOND INT64_C(1000000)
#define NO_CONTAINER SIZE_MAX

void log_watch_init(struct log_watch *watch, struct log_watched *watched, size_t count, int starter,
		    const char *project)
{
	*watch = (struct log_watch){ .watched = watched,
				     .count = count,
				     .starter = starter,
				     .project = project,
				     .project_watch = -1,
				     .inotify = -1 };
	watch->polls = ct_alloc_array(count + 3, sizeof(*watch->polls));
	for (size_t i = 0; i < count; i++) {
		watch->polls[i] = (struct pollfd){ .fd = watched[i].supervisor, .events = POLLIN };
		watch->living += watched[i].supervisor >= 0;
	}
	watch->polls[count] = (struct pollfd){ .fd = -1, .events = POLLIN };
	watch->polls[count + 1] = (struct pollfd){ .fd = starter, .events = POLLIN };
	/* No events: only that nobody reads it any more. */
	watch->polls[count + 2] = (struct pollfd){ .fd = STDOUT_FILENO };
}

static void all_changed(struct log_watch *watch)
{
	watch->look = watch->look || watch->project;
	for (size_t i = 0; i < watch->count; i++)
		watch->watched[i].changed = watch->watched[i].changed || watch->watched[i].supervisor >= 0;
}

static void remember(struct log_watch *watch, size_t descriptor, size_t container)
{
	size_t size = descriptor + 1;

	if (size > watch->size) {
		watch->containers = ct_realloc_array(watch->containers, size, sizeof(*watch->containers));
		while (watch->size < size)
			watch->containers[watch->size++] = NO_CONTAINER;
	}
	watch->containers[descriptor] = container;
}

static void watch_directory(struct log_watch *watch, size_t container)
{
	/* Rotation ends with a file that is moved to its name. */
	int descriptor = inotify_add_watch(watch->inotify, watch->watched[container].directory,
					   IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);

	if (descriptor >= 0)
		remember(watch, (size_t)descriptor, container);
	else
		watch->incomplete = true;
}

/* Each event of a container is a file that is closed there, a new index one that is renamed, and the end of a command the lock. */
static void watch_project(struct log_watch *watch)
{
	watch->project_watch = inotify_add_watch(watch->inotify, watch->project,
						 IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	watch->incomplete = watch->incomplete || watch->project_watch < 0;
}

static void open_inotify(struct log_watch *watch)
{
	watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->polls[watch->count].fd = watch->inotify;
	watch->incomplete = watch->inotify < 0;
	for (size_t i = 0; watch->inotify >= 0 && i < watch->count; i++) {
		if (watch->watched[i].supervisor >= 0)
			watch_directory(watch, i);
	}
	if (watch->inotify >= 0 && watch->project)
		watch_project(watch);
	/* What was written before the watches were there is read now. */
	all_changed(watch);
}

void log_watch_add(struct log_watch *watch, size_t index)
{
	struct log_watched *watched = &watch->watched[index];

	watched->coming = false;
	watched->changed = true;
	if (watched->supervisor < 0)
		return;
	watch->polls[index].fd = watched->supervisor;
	watch->living++;
	if (watch->inotify >= 0)
		watch_directory(watch, index);
}

/* What it says is only that it is time to look. */
static void hear_starter(struct log_watch *watch)
{
	char words[4096];
	ssize_t got;

	if (watch->starter < 0 || !watch->polls[watch->count + 1].revents)
		return;
	got = read(watch->starter, words, sizeof(words));
	watch->look = true;
	if (got <= 0 && !(got < 0 && errno == EINTR))
		watch->starter = watch->polls[watch->count + 1].fd = -1;
}

static void take_event(struct log_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		all_changed(watch);
	else if (event->wd == watch->project_watch)
		watch->look = true;
	else if (event->wd >= 0 && (size_t)event->wd < watch->size && watch->containers[event->wd] != NO_CONTAINER)
		watch->watched[watch->containers[event->wd]].changed = true;
}

static void read_events(struct log_watch *watch)
{
	char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;

	while (watch->inotify >= 0 && (got = read(watch->inotify, events, sizeof(events))) > 0) {
		for (const char *at = events; at < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;

			take_event(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
}

static void notice_ends(struct log_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->polls[i].fd < 0 || !watch->polls[i].revents)
			continue;
		close(watch->watched[i].supervisor);
		watch->polls[i].fd = watch->watched[i].supervisor = -1;
		watch->watched[i].changed = true;
		watch->living--;
	}
}

static int timeout(const struct log_watch *watch, int64_t until)
{
	int64_t left = until ? (until - ct_now()) / MILLISECOND + 1 : INT64_MAX;
	int64_t longest = watch->inotify < 0 && !watch->incomplete ? PATIENCE_MS
			  : watch->incomplete                      ? INCOMPLETE_MS
								   : INT64_MAX;

	if (left > longest)
		left = longest;
	if (left == INT64_MAX)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int log_watch_wait(struct log_watch *watch, int64_t until, struct ct_err *err)
{
	bool by_time = watch->inotify < 0 || watch->incomplete;

	if (poll(watch->polls, watch->count + 3, timeout(watch, until)) < 0) {
		if (errno != EINTR)
			return ct_fail_errno(err, CT_NO_CODE, "cannot wait for the logs");
		return 0;
	}
	if (watch->polls[watch->count + 2].revents) {
		/* As the next write would; containers may be silent for long. */
		raise(SIGPIPE);
		errno = EPIPE;
		return ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output");
	}
	read_events(watch);
	notice_ends(watch);
	hear_starter(watch);
	if (by_time)
		all_changed(watch);
	if (watch->inotify < 0 && !watch->incomplete && ++watch->rounds >= PATIENCE_ROUNDS)
		open_inotify(watch);
	return 0;
}

void log_watch_release(struct log_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->watched[i].supervisor >= 0)
			close(watch->watched[i].supervisor);
		watch->watched[i].supervisor = -1;
	}
	if (watch->inotify >= 0)
		close(watch->inotify);
	free(watch->polls);
	free(watch->containers);
}
