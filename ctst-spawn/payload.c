#include "ctst-spawn/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-spawn/capabilities.h"
#include "ctst-spawn/confine/landlock.h"
#include "ctst-spawn/confine/seccomp.h"
#include "ctst-spawn/file_limit.h"

#define SIGNALS 64 /* the kernel's _NSIG */

static size_t count_variables(const struct payload *payload)
{
	size_t count = 0;

	while (payload->environment[count])
		count++;
	return count;
}

static char **find_variable(const struct payload *payload, const char *name)
{
	size_t length = strlen(name);

	for (char **at = payload->environment; *at; at++) {
		if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
			return at;
	}
	return NULL;
}

const char *payload_variable(const struct payload *payload, const char *name)
{
	char **found = find_variable(payload, name);

	return found ? *found + strlen(name) + 1 : NULL;
}

void payload_set_variable(struct payload *payload, const char *name, const char *value)
{
	char **found = find_variable(payload, name);
	size_t count;

	if (found) {
		free(*found);
		*found = ct_asprintf("%s=%s", name, value);
		return;
	}
	count = count_variables(payload);
	payload->environment = ct_realloc_array(payload->environment, count + 2, sizeof(char *));
	payload->environment[count] = ct_asprintf("%s=%s", name, value);
	payload->environment[count + 1] = NULL;
}

static const char enter_workdir[] = "cannot enter the working directory of";

/*
 * A core would hold the program's secrets and go where the host's core_pattern says. A program there is started whatever the
 * limit is but for 1 (fs/coredump.c), which is too little for a file as well. The number of processes is limited
 * here when no cgroup's pids.max was asked for. It is counted for each user in the container's user namespace alone since Linux 5.14 (ucounts), so the host's own users and
 * other containers do not matter.
 */
static void limit_resources(const struct container *container)
{
	struct rlimit limit = { CONTAINER_PIDS, CONTAINER_PIDS }, present, none = { 1, 1 };

	(void)setrlimit(RLIMIT_CORE, &none);
	if (container->pids_max != 0)
		return;
	if (getrlimit(RLIMIT_NPROC, &present) == 0 && present.rlim_max < limit.rlim_max)
		limit.rlim_cur = limit.rlim_max = present.rlim_max;
	(void)setrlimit(RLIMIT_NPROC, &limit);
}

/*
 * A path such as /proc/self/fd/7 leads to whatever somebody has left open, also to a directory of the host's. The kernel
 * tells of one that is not beneath the root directory (getcwd(2)).
 */
static int enter_directory(const char *path)
{
	char real[PATH_MAX];

	if (chdir(path) < 0)
		return -1;
	if (syscall(SYS_getcwd, real, sizeof(real)) > 0 && real[0] == '/')
		return 0;
	errno = EACCES;
	return -1;
}

/*
 * The parent is seen from the pid namespace of the child: 0 when it is outside. Anything else than that and its own number
 * is the process that orphans are given to (getppid(2)). Another user id has taken the signal away, and where
 * fs.suid_dumpable is 1 (proc_sys_fs(5)) has made this memory, which is the parent's as well, dumpable again.
 */
static void die_with_parent(pid_t parent)
{
	pid_t now;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	now = getppid();
	if (now != 0 && now != parent)
		_exit(CT_EXIT_FAILED);
}

/*
 * Becomes the payload. Returns only on failure, with errno and the step that failed. Calls
 * nothing that allocates: it runs in a child of vfork(2).
 */
static const char *execute(const struct payload *payload, pid_t parent)
{
	const char *path = payload_variable(payload, "PATH");
	const char *name = payload->argv[0];
	char candidate[PATH_MAX];
	int failure = ENOENT;
	int rules = landlock_prepare(payload->container, payload->joins);

	if (rules == -1)
		return "cannot make the Landlock rules of";
	if (syscall(SYS_setgroups, payload->group_count, payload->groups) < 0 && errno != EPERM)
		return "cannot set the groups for";
	if (syscall(SYS_setresgid, payload->gid, payload->gid, payload->gid) < 0)
		return "cannot set the group id for";
	if (payload->capabilities && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return "cannot keep capabilities for";
	if (syscall(SYS_setresuid, payload->uid, payload->uid, payload->uid) < 0)
		return "cannot set the user id for";
	die_with_parent(parent);
	if (capabilities_set(payload->capabilities) < 0)
		return "cannot set the capabilities of";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return "cannot give up new privileges for";
	if (enter_directory(payload->workdir) < 0)
		return enter_workdir;
	umask(022);
	/* Of a caller that debugs, memory has no random places (setarch(8)); the container would not get it back. */
	(void)syscall(SYS_personality, PER_LINUX);
	file_limit_restore();
	limit_resources(payload->container);
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return "cannot close the descriptors of";
	if (landlock_enter(rules) < 0)
		return "cannot put the Landlock rules upon";
	if (seccomp_load(payload->container) < 0)
		return "cannot restrict the system calls of";
	if (strchr(name, '/')) {
		execve(name, payload->argv, payload->environment);
		return "cannot execute";
	}
	while (path) {
		size_t length = strcspn(path, ":");

		if (snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)length, path, name) <
		    (int)sizeof(candidate)) {
			execve(candidate, payload->argv, payload->environment);
			/* As execvp(3): a file that may not be executed is remembered, another directory may have a better one. */
			if (errno == EACCES)
				failure = EACCES;
			else if (errno != ENOENT && errno != ENOTDIR)
				return "cannot execute";
		}
		path = path[length] ? path + length + 1 : NULL;
	}
	errno = failure;
	return "cannot execute";
}

/* All that the kernel has, also those that a C library keeps from its callers: what is ignored would be for ever. */
static void reset_signals(void)
{
	static const uint64_t defaults[4]; /* struct sigaction as the kernel has it; SIG_DFL is 0 */
	sigset_t none;

	sigemptyset(&none);
	for (int number = 1; number <= SIGNALS; number++)
		(void)syscall(SYS_rt_sigaction, number, defaults, NULL, SIGNALS / 8);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * vfork(2): the child uses this process's memory until it has executed the payload, so
 * what failed comes back in plain variables, and no page is copied.
 */
pid_t payload_start(const struct payload *payload, int *exit_code, struct ct_err *err)
{
	const char *volatile step = NULL;
	volatile int failure = 0;
	pid_t parent = getpid();
	pid_t child = vfork();

	if (child == 0) {
		setsid();
		if (payload->terminal)
			(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
		reset_signals();
		step = execute(payload, parent);
		failure = errno;
		_exit(CT_EXIT_NO_COMMAND);
	}
	if (child < 0) {
		ct_fail_errno(err, "R004", "cannot create a process");
		return -1;
	}
	if (!step)
		return child;
	waitpid(child, NULL, 0);
	errno = failure;
	*exit_code = CT_EXIT_CANNOT_EXECUTE;
	if (step == enter_workdir) {
		ct_fail_errno(err, "R004", "cannot enter the working directory '%s'", payload->workdir);
		return ct_err_hint(err, "it must exist in the image");
	}
	ct_fail_errno(err, "R004", "%s '%s'", step, payload->argv[0]);
	if (failure == EINVAL && payload->uid != 0)
		return ct_err_hint(err, "without root the container has no users but its root, unless /etc/subuid and "
					"/etc/subgid give you some and newuidmap is installed; 'ctst doctor' tells");
	if (failure != ENOENT && failure != ENOTDIR)
		return -1;
	*exit_code = CT_EXIT_NO_COMMAND;
	return ct_err_hint(err, "is the path right, and is it in the image? A script also needs its interpreter, "
				"a dynamically linked program its loader");
}

void payload_release(struct payload *payload)
{
	for (char **at = payload->argv; at && *at; at++)
		free(*at);
	for (char **at = payload->environment; at && *at; at++) {
		explicit_bzero(*at, strlen(*at));
		free(*at);
	}
	free(payload->argv);
	free(payload->environment);
	free(payload->workdir);
	*payload = (struct payload){ 0 };
}
