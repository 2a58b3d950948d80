#include "ctst/events.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int events_open(_Bool shield, struct ct_err *err)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	/* Whoever started us may have ignored it; then children would vanish without a status. */
	signal(SIGCHLD, SIG_DFL);
	if (shield) {
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGTERM);
		if (!is_ignored(SIGHUP))
			sigaddset(&signals, SIGHUP);
	}
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return ct_fail_errno(err, "R004", "cannot block signals");
	if (shield) {
		signal(SIGINT, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	}
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? ct_fail_errno(err, "R004", "cannot read signals") : fd;
}

int events_poll(int fd)
{
	struct signalfd_siginfo info;
	ssize_t got;

	do
		got = read(fd, &info, sizeof(info));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

int events_next(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	int number;

	while ((number = events_poll(fd)) == 0)
		(void)poll(&waiting, 1, -1);
	return number;
}
