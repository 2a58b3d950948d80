#include "ctst-spawn/health/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/process.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/output_pipe.h"

#define SECOND INT64_C(1000000000)
#define OVERDUE (2 * SECOND)

/* Pages of its own, so that they can be given back while no probe runs. */
static char text[PROBE_OUTPUT] __attribute__((aligned(PROBE_OUTPUT)));

void probe_give_back(struct probe *probe)
{
	probe->length = 0;
	(void)madvise(text, sizeof(text), MADV_DONTNEED);
}

/* Below the container's, so that its limits hold. Returns a descriptor, or -1: then there is none, and none is needed. */
static int make_group(struct probe *probe, const char *above)
{
	probe->group[0] = '\0';
	if (!above[0])
		return -1;
	snprintf(probe->group, sizeof(probe->group), "%s/" CGROUP_PROBE "%u", above, ++probe->number);
	if (mkdir(probe->group, 0755) < 0 && errno != EEXIST) {
		probe->group[0] = '\0';
		return -1;
	}
	return open(probe->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int probe_start(struct probe *probe, const struct probe_target *target, struct ct_err *err)
{
	struct clone_args arguments = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&probe->pidfd,
		.exit_signal = SIGCHLD,
	};
	ct_autoclose int group = -1;
	int ends[2];
	long child;

	probe->text = text;
	probe->length = 0;

	if (output_pipe(target->identity, ends) < 0)
		return ct_fail_errno(err, "R004", "cannot create a pipe");
	group = make_group(probe, target->group);
	if (group >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)group;
	}
	probe->begun = ct_now();
	probe->started = ct_monotonic();
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0)
		probe_process(target, ends[1]);
	close(ends[1]);
	if (child < 0) {
		ct_fail_errno(err, "R004", "cannot create a process");
		close(ends[0]);
		(void)cgroup_remove(probe->group);
		return -1;
	}
	probe->process = (pid_t)child;
	probe->output = ends[0];
	probe->overdue = probe->started + target->timeout + OVERDUE;
	return 0;
}

void probe_read(struct probe *probe)
{
	char rest[PROBE_OUTPUT];
	size_t room = sizeof(text) - probe->length;
	ssize_t got;

	do
		/* cppcheck-suppress legacyUninitvar */
		got = read(probe->output, room > 0 ? probe->text + probe->length : rest,
			   room > 0 ? room : sizeof(rest));
	while (got < 0 && errno == EINTR);
	if (got > 0 && room > 0)
		probe->length += (size_t)got;
	if (got == 0 || (got < 0 && errno != EAGAIN)) {
		close(probe->output);
		probe->output = -1;
	}
}

static void clear(struct probe *probe)
{
	if (probe->output >= 0)
		close(probe->output);
	if (probe->pidfd >= 0)
		close(probe->pidfd);
	(void)cgroup_remove(probe->group);
	probe->group[0] = '\0';
	probe->process = 0;
	probe->output = probe->pidfd = -1;
	probe->overdue = 0;
}

void probe_finish(struct probe *probe, struct probe_result *result)
{
	int status = 0;
	size_t before;

	*result = (struct probe_result){ .exit_code = CT_EXIT_SIGNAL_BASE + SIGKILL };
	while (waitpid(probe->process, &status, 0) < 0 && errno == EINTR)
		;
	result->duration = ct_monotonic() - probe->started;
	if (WIFEXITED(status))
		result->exit_code = WEXITSTATUS(status);
	else
		result->timed_out = WTERMSIG(status) == SIGALRM || probe->overdue == 0;
	/* What is in the pipe already; somebody may still hold its other end and fill it. */
	do {
		before = probe->length;
		if (probe->output >= 0)
			probe_read(probe);
	} while (probe->length > before);
	clear(probe);
}

void probe_end(struct probe *probe)
{
	if (probe->group[0])
		(void)cgroup_kill(probe->group);
	(void)ct_pidfd_signal(probe->pidfd, SIGKILL, 0);
}

void probe_kill(struct probe *probe)
{
	struct probe_result ignored;

	if (probe->process == 0)
		return;
	probe_end(probe);
	probe_finish(probe, &ignored);
}
