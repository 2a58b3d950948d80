#include "ctst-spawn/exec/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/project.h"
#include "common/state.h"

static int open_of_supervisor(const struct target *target, int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target->status.supervisor.pid, number);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Whether the process lives that had this pid at that time. */
static bool lives(const struct ct_process_id *id)
{
	struct ct_process_id now;

	return ct_process_identify(id->pid, &now) == 0 && now.start_time == id->start_time;
}

/* The supervisor closes the namespaces after it has collected the first process, and opens others for another run. */
static bool is_open(const struct target *target)
{
	char path[64];
	struct stat opened, present;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target->status.supervisor.pid, SUPERVISE_NAMESPACE_FD);
	return fstat(target->namespaces[0], &opened) == 0 && stat(path, &present) == 0 &&
	       opened.st_dev == present.st_dev && opened.st_ino == present.st_ino;
}

/*
 * Where /proc shows a user no process that it may not look into (hidepid in proc(5)), the first process of a container, which
 * has closed itself off, is among these also for the one whose it is.
 */
static bool is_hidden(void)
{
	return access("/proc/1", F_OK) < 0;
}

bool target_lives(const struct target *target)
{
	return lives(&target->status.init) || (is_hidden() && is_open(target));
}

/*
 * The supervisor closes the namespaces after it has collected the container's first process. So when that one still lives
 * afterwards, all that was opened belongs to one run, the one of the status.
 */
static int open_run(struct target *target)
{
	for (int i = 0; i < SUPERVISE_NAMESPACE_COUNT; i++) {
		target->namespaces[i] = open_of_supervisor(target, SUPERVISE_NAMESPACE_FD + i);
		if (target->namespaces[i] < 0)
			return -1;
	}
	target->environment = open_of_supervisor(target, SUPERVISE_ENVIRONMENT_FD);
	if (target->environment < 0)
		return -1;
	if (target->status.cgroup[0]) {
		target->cgroup = open(target->status.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (target->cgroup < 0)
			return -1;
	}
	errno = ESRCH;
	return lives(&target->status.supervisor) && target_lives(target) ? 0 : -1;
}

static int not_running(const struct target *target, const char *name, struct ct_err *err)
{
	ct_fail(err, "R007", "container '%s' is not running: it is %s", name, ct_run_state_name(target->status.state));
	if (target->status.state == CT_RESTARTING)
		return ct_err_hint(err, "it is started again by itself; 'ctst logs %s' may tell why it ended", name);
	return ct_err_hint(err, "'ctst run' starts it");
}

int target_has_ended(const struct target *target, struct ct_err *err)
{
	ct_fail(err, "R007", "container '%s' has just ended", target->config.container.name);
	return ct_err_hint(err, "'ctst ps -a' shows its state, 'ctst run' starts it");
}

int target_find(struct target *target, const char *file, const char *name, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	const struct ct_state_entry *entry;

	*target = (struct target){ .environment = -1, .cgroup = -1 };
	if (ct_project_find(&project, file, err) < 0 || ct_state_load(&project, &state, err) < 0)
		return -1;
	entry = ct_state_find(&state, name, err);
	if (!entry || ct_status_read(entry->directory, &target->status, err) < 0)
		return -1;
	if (target->status.state != CT_RUNNING)
		return not_running(target, entry->name, err);
	if (config_read(entry->directory, &target->config, err) < 0)
		return -1;
	if (open_run(target) == 0)
		return 0;
	if (errno == ENOENT || errno == ESRCH)
		return target_has_ended(target, err);
	return ct_fail_errno(err, "R008", "cannot reach the namespaces of '%s'", entry->name);
}
