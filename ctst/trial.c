#include "ctst/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"

#define TIME_LIMIT 5 /* seconds */

int trial(trial_function *function, const void *argument)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGALRM, SIG_DFL);
		alarm(TIME_LIMIT);
		errno = 0;
		/* Every errno fits in an exit status (the largest of Linux is 133). */
		_exit(function(argument) == 0 ? 0 : errno ? errno : EIO);
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? ETIMEDOUT : EIO;
	return WEXITSTATUS(status);
}

static int write_file(const char *path, const char *text)
{
	ct_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

struct request {
	int flags;
	trial_function *function;
	const void *argument;
};

/* A process may map the one id it has without any privilege (user_namespaces(7)). */
static int enter(const void *argument)
{
	const struct request *request = argument;
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1\n", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1\n", getegid());
	if (unshare(CLONE_NEWUSER | request->flags) < 0)
		return -1;
	if (!request->function)
		return 0;
	if (write_file("/proc/self/setgroups", "deny") < 0 || write_file("/proc/self/uid_map", users) < 0 ||
	    write_file("/proc/self/gid_map", groups) < 0)
		return -1;
	return request->function(request->argument);
}

int trial_in_namespaces(int flags, trial_function *function, const void *argument)
{
	struct request request = { .flags = flags, .function = function, .argument = argument };

	return trial(enter, &request);
}
