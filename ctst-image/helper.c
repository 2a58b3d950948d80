#include "ctst-image/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/process.h"

/* Those that would do something here: what a caller has ignored stays ignored, and signalfd(2) does not ask. */
static void choose_signals(sigset_t *signals)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;

	sigemptyset(signals);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (sigaction(all[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(signals, all[i]);
	}
}

/* Returns the signal that was passed on last, or 0. */
static int watch(pid_t child, int signals)
{
	ct_autoclose int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd sources[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo info;
	int came = 0;

	while (pidfd >= 0 && signals >= 0 && !sources[0].revents) {
		if (poll(sources, 2, -1) < 0 || !sources[1].revents ||
		    read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		came = (int)info.ssi_signo;
		kill(child, came);
	}
	return came;
}

int helper_run(const char *const argv[], int stdin_fd, int stdout_fd)
{
	ct_autoclose int waiting = -1;
	sigset_t signals, usual;
	int status = -1, came = 0, number;
	pid_t child;

	choose_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &usual);
	waiting = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	child = ct_process_start_tied((char *const *)argv, stdin_fd, stdout_fd);
	number = errno;
	if (child >= 0) {
		came = watch(child, waiting);
		status = ct_process_wait(child);
	}
	sigprocmask(SIG_SETMASK, &usual, NULL);
	if (came)
		raise(came);
	errno = number;
	return status;
}

int helper_failed(int status, const char *code, const char *what, struct ct_err *err)
{
	if (status > CT_EXIT_SIGNAL_BASE)
		return ct_fail(err, code, "%s was ended by signal %d", what, status - CT_EXIT_SIGNAL_BASE);
	ct_fail(err, CT_NO_CODE, "%s failed", what);
	err->reported = true;
	err->exit_status = status;
	return -1;
}
