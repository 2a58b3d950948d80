#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/err.h"
#include "common/options.h"
#include "ctst-spawn/capabilities.h"
#include "ctst-spawn/forward/forward.h"
#include "ctst-spawn/network/addresses.h"

#define ROUND 64 /* events at a time */
#define NOBODY 65534

static int poller = -1;
static struct forward_port ports[FORWARD_MOST_PORTS];

/* What is freed at the end of the round: another event of it may still be in the list. */
static void *garbage[ROUND * 2];
static size_t garbage_count;

int forward_watch(int fd, uint32_t events, struct forward_source *source)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

void forward_watch_again(int fd, uint32_t events, struct forward_source *source)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	(void)epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
}

void forward_free_later(void *memory)
{
	/* No event frees more than one thing, and the timer's are freed before any event is read. */
	if (garbage_count < sizeof(garbage) / sizeof(garbage[0]))
		garbage[garbage_count++] = memory;
}

static void collect_garbage(void)
{
	while (garbage_count > 0)
		free(garbage[--garbage_count]);
}

/* "7:tcp:80:10.4.8.2", the descriptor, protocol, port and address. The last, as IPv6 addresses have colons. */
static int read_port(const char *text, struct forward_port *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&port->target;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&port->target;
	struct network_address address;
	unsigned fd, number;
	char protocol[4];
	int length = 0;

	if (sscanf(text, "%5u:%3[a-z]:%5u:%n", &fd, protocol, &number, &length) != 3 || length == 0 || number < 1 ||
	    number > 65535 || fd < 3 || !network_address_parse(text + length, &address))
		return -1;
	port->socket = (int)fd;
	port->tcp = strcmp(protocol, "tcp") == 0;
	if (!port->tcp && strcmp(protocol, "udp") != 0)
		return -1;
	port->target_length = address.family == AF_INET ? sizeof(*v4) : sizeof(*v6);
	if (address.family == AF_INET) {
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
		memcpy(&v4->sin_addr, address.bytes, sizeof(v4->sin_addr));
	} else {
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number) };
		memcpy(&v6->sin6_addr, address.bytes, sizeof(v6->sin6_addr));
	}
	return 0;
}

/* It reads what strangers send: all it needs is the sockets that it has, and new ones. */
static int give_up_privileges(void)
{
	gid_t none = 0;

	if (geteuid() == 0 && syscall(SYS_setgroups, 0, &none) == 0 &&
	    (syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) < 0 || syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) < 0))
		return -1;
	return capabilities_set(0) < 0 ? -1 : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Its parent may have ended before this was asked for; then the pipe or socket it was to serve is all that is left. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -1;
	if (getppid() == parent)
		return 0;
	errno = ESRCH;
	return -1;
}

static int start(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if ((ports[i].tcp ? forward_tcp(&ports[i]) : forward_udp(&ports[i])) < 0)
			return -1;
	}
	return 0;
}

static void run(void) __attribute__((noreturn));

static void run(void)
{
	for (;;) {
		struct epoll_event events[ROUND];
		int count = epoll_wait(poller, events, ROUND, forward_udp_timeout());

		for (int i = 0; i < count; i++) {
			struct forward_source *source = events[i].data.ptr;

			source->ready(source, events[i].events);
		}
		collect_garbage();
	}
}

static const struct ct_program program = {
	.name = "ctst-forward",
	.synopsis = "PARENT FD:tcp|udp:PORT:ADDRESS…",
	.summary = "lead connections to sockets of the host into a container; started by its supervisor",
	.starts_containers = true,
};

int main(int argc, char **argv)
{
	struct rlimit files = { 0 };
	struct ct_err err = CT_ERR_INIT;
	int first = ct_options_parse(&program, argc, argv);
	size_t count = 0;

	if (argc - first < 2 || argc - first - 1 > FORWARD_MOST_PORTS)
		ct_usage_error(&program, "expected the parent's process id and 1 to %d ports", FORWARD_MOST_PORTS);
	for (int i = first + 1; i < argc; i++) {
		if (read_port(argv[i], &ports[count++]) < 0)
			ct_usage_error(&program, "'%s' is not of the form FD:tcp|udp:PORT:ADDRESS", argv[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	poller = epoll_create1(EPOLL_CLOEXEC);
	/* The signal is asked for after the change of user, which clears it (prctl(2)). */
	if (poller < 0 || give_up_privileges() < 0 || die_with((pid_t)strtol(argv[first], NULL, 10)) < 0 ||
	    start(count) < 0) {
		ct_fail_errno(&err, "R009", "cannot forward ports");
		return ct_err_report(program.name, &err);
	}
	run();
}
