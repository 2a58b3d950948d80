/*
 * ctst-outbound: keeps pasta(1) for a project's own network namespace, as long as somebody uses its networks.
 *
 * It has three jobs: start pasta where the host's network is; then, in the namespace, let the bridges' members out and keep
 * them apart; and at last wait for the lock that all supervisors share. When it gets it nobody needs a way out any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/options.h"
#include "common/process.h"
#include "ctst-spawn/network/inside.h"
#include "ctst-spawn/network/outbound.h"
#include "ctst-spawn/network/use.h"
#include "ctst-spawn/report.h"

enum { REPORT_FD = 3, NETWORK_FD, USER_FD };

#define PATIENCE_MS 10000 /* for pasta to come up */

static const struct ct_program program = {
	.name = "ctst-outbound",
	.synopsis = "PASTA ROOT LOCK",
	.summary = "keep a way out of a project's network namespace; started by ctst-spawn",
	.starts_containers = true,
};

/* Nothing is led in, and the host's loopback is not the gateway: containers reach what everybody reaches, no more. */
static pid_t start_pasta(char *pasta)
{
	char network[64], user[64];
	char *const argv[] = { pasta,
			       (char *)"--foreground",
			       (char *)"--quiet",
			       (char *)"--config-net",
			       (char *)"--ns-ifname",
			       (char *)OUTBOUND_INTERFACE,
			       (char *)"--no-map-gw",
			       (char *)"--dns-forward",
			       (char *)OUTBOUND_RESOLVER,
			       (char *)"--tcp-ports",
			       (char *)"none",
			       (char *)"--udp-ports",
			       (char *)"none",
			       (char *)"--tcp-ns",
			       (char *)"none",
			       (char *)"--udp-ns",
			       (char *)"none",
			       (char *)"--no-netns-quit",
			       (char *)"--userns",
			       user,
			       (char *)"--netns",
			       network,
			       NULL };
	pid_t child;

	/* By this process's descriptors, which stay open as long as pasta needs them. */
	snprintf(network, sizeof(network), "/proc/%d/fd/%d", (int)getpid(), NETWORK_FD);
	snprintf(user, sizeof(user), "/proc/%d/fd/%d", (int)getpid(), USER_FD);
	child = fork();
	if (child == 0) {
		/* It takes an ignored SIGPIPE for a failure. */
		signal(SIGPIPE, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[0], argv);
		_exit(127);
	}
	return child;
}

/* Told by the kernel of every change of routes, from before the first look on. */
static int watch_routes(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_LINK };
	ct_autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : ct_take_fd(&fd);
}

static bool await_way_out(int routes, int pasta)
{
	int64_t until = ct_monotonic() + (int64_t)PATIENCE_MS * 1000000;
	char message[8192];

	while (!outbound_exists()) {
		struct pollfd watches[] = { { .fd = routes, .events = POLLIN }, { .fd = pasta, .events = POLLIN } };
		int64_t left = (until - ct_monotonic()) / 1000000;

		if (left <= 0 || (poll(watches, 2, (int)left) < 0 && errno != EINTR) || watches[1].revents)
			return false;
		if (watches[0].revents)
			(void)recv(routes, message, sizeof(message), MSG_DONTWAIT);
	}
	return true;
}

static bool set_up(int pasta)
{
	ct_autoclose int routes = -1;

	if (setns(USER_FD, CLONE_NEWUSER) < 0 || setns(NETWORK_FD, CLONE_NEWNET) < 0)
		return false;
	routes = watch_routes();
	return routes >= 0 && await_way_out(routes, pasta) && inside_let_out() == 0;
}

/* No process of ours but supervisors and ctst-spawn holds it; a signal may end this one, and pasta goes with it. */
static void await_users(const char *root, const char *name)
{
	ct_autoclose int directory = use_open_directory(root, false);
	char file[64];
	ct_autoclose int lock = -1;

	snprintf(file, sizeof(file), "%s.lock", name);
	if (directory >= 0)
		lock = openat(directory, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock < 0)
		return;
	while (flock(lock, LOCK_EX) < 0 && errno == EINTR)
		;
	use_unlock(directory, name, ct_take_fd(&lock), true);
}

static void be_quiet(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	syscall(SYS_close_range, (unsigned)USER_FD + 1, ~0U, 0);
	for (int fd = REPORT_FD; fd <= USER_FD; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

int main(int argc, char **argv)
{
	int first = ct_options_parse(&program, argc, argv);
	ct_autoclose int pidfd = -1;
	bool works;
	pid_t pasta;

	if (argc - first != 3)
		ct_usage_error(&program, "expected the program, the project's .containust and the name of a lock");
	be_quiet();
	pasta = start_pasta(argv[first]);
	pidfd = pasta > 0 ? (int)syscall(SYS_pidfd_open, pasta, 0) : -1;
	works = pidfd >= 0 && set_up(pidfd);
	report_send(REPORT_FD, works ? REPORT_STARTED : REPORT_FAILED, 0, NULL);
	close(REPORT_FD);
	if (works)
		await_users(argv[first + 1], argv[first + 2]);
	if (pasta > 0) {
		kill(pasta, SIGKILL);
		(void)ct_process_wait(pasta);
	}
	return works ? CT_EXIT_OK : CT_EXIT_FAILED;
}
