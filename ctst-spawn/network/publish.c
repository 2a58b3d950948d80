#include "ctst-spawn/network/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-spawn/forward/forward.h"
#include "ctst-spawn/network/ports_in_use.h"
#include "ctst-spawn/network/published.h"

/* How long a predecessor that was killed may take to go: the kernel closes its sockets, but not before it. */
#define PATIENCE_ROUNDS 100
#define ROUND_NS 10000000

#define FIRST_FD 3 /* of the sockets in the forwarder */

/* Above all numbers that sockets get in a forwarder, so that no dup2(2) there closes another's source. */
static int bind_patiently(const struct published *published)
{
	static const struct timespec pause = { .tv_nsec = ROUND_NS };
	ct_autoclose int fd = published_bind(published);

	for (int i = 0; fd < 0 && errno == EADDRINUSE && i < PATIENCE_ROUNDS; i++) {
		nanosleep(&pause, NULL);
		fd = published_bind(published);
	}
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD + FORWARD_MOST_PORTS);
}

int publishing_open(struct publishing *publishing, const struct ct_json *published, struct ct_err *err)
{
	publishing->sockets = ct_alloc_array(published ? published->length : 0, sizeof(*publishing->sockets));
	ct_json_each(item, published) {
		struct published port;
		int fd = published_read(item, &port) < 0 ? -1 : bind_patiently(&port);

		if (fd < 0)
			return port_fail(&port, err);
		publishing->sockets[publishing->count++] = fd;
	}
	return 0;
}

/* ::1 is the one address from which nothing can be rewritten to elsewhere; "::" is that one too. */
static bool needs_forwarder(const struct published *port, bool inside)
{
	return inside || (port->host.family == AF_INET6 &&
			  (network_address_is_any(&port->host) || network_address_is_loopback(&port->host)));
}

struct forwarding {
	int sockets[FORWARD_MOST_PORTS];
	char *arguments[FORWARD_MOST_PORTS + 3]; /* owned but for the last, NULL */
	size_t count;
};

static int add_port(struct forwarding *forwarding, int socket, const struct published *port,
		    const struct attachment *target)
{
	const struct network_address *address = port->host.family == AF_INET ? &target->address : &target->address6;
	char text[NETWORK_ADDRESS_TEXT];

	if (forwarding->count == FORWARD_MOST_PORTS)
		return -1;
	/* What is reached by an IPv6 address of the host may be by IPv4 inside, where there is no other. */
	network_address_format(address->family ? address : &target->address, text);
	forwarding->sockets[forwarding->count] = socket;
	forwarding->arguments[forwarding->count + 2] = ct_asprintf("%zu:%s:%u:%s", FIRST_FD + forwarding->count,
								   port->protocol == IPPROTO_TCP ? "tcp" : "udp",
								   port->container_port, text);
	forwarding->count++;
	return 0;
}

/* In a child of vfork(2). The sockets are above the numbers that they get, see bind_patiently(). */
static int execute(const struct forwarding *forwarding)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < forwarding->count; i++) {
		if (dup2(forwarding->sockets[i], FIRST_FD + (int)i) < 0)
			return errno;
	}
	execv(forwarding->arguments[0], forwarding->arguments);
	return errno;
}

static pid_t start(const struct forwarding *forwarding)
{
	volatile int failure = 0;
	pid_t child = vfork();

	if (child == 0) {
		failure = execute(forwarding);
		_exit(127);
	}
	if (child > 0 && failure) {
		(void)ct_process_wait(child);
		errno = failure;
		return -1;
	}
	return child;
}

/* What the forwarder has is its own: should it end, nobody accepts what nobody would serve. */
static void hand_over(struct publishing *publishing, const struct forwarding *forwarding)
{
	for (size_t i = 0; i < publishing->count; i++) {
		for (size_t j = 0; j < forwarding->count; j++) {
			if (publishing->sockets[i] != forwarding->sockets[j])
				continue;
			close(publishing->sockets[i]);
			publishing->sockets[i] = -1;
			break;
		}
	}
}

int publishing_start(struct publishing *publishing, const struct ct_json *published, const struct attachment *target,
		     bool inside, struct ct_err *err)
{
	struct forwarding *forwarding = ct_alloc_array(1, sizeof(*forwarding));
	int status = 0;
	size_t index = 0;

	ct_json_each(item, published) {
		struct published port;

		if (published_read(item, &port) == 0 && needs_forwarder(&port, inside))
			status |= add_port(forwarding, publishing->sockets[index], &port, target);
		index++;
	}
	if (status < 0) {
		ct_fail(err, "R009", "more than %d ports to forward", FORWARD_MOST_PORTS);
	} else if (forwarding->count > 0) {
		forwarding->arguments[0] = ct_asprintf("%s/ctst-forward", ct_libexec_directory());
		forwarding->arguments[1] = ct_asprintf("%d", (int)getpid());
		publishing->forwarder = start(forwarding);
		if (publishing->forwarder < 0)
			status = ct_fail_errno(err, "R009", "cannot execute '%s'", forwarding->arguments[0]);
	}
	if (publishing->forwarder > 0)
		hand_over(publishing, forwarding);
	for (size_t i = 0; i < forwarding->count + 2; i++)
		free(forwarding->arguments[i]);
	free(forwarding);
	return status;
}

void publishing_close(struct publishing *publishing)
{
	if (publishing->forwarder > 0) {
		(void)kill(publishing->forwarder, SIGKILL);
		(void)ct_process_wait(publishing->forwarder);
	}
	for (size_t i = 0; i < publishing->count; i++) {
		if (publishing->sockets[i] >= 0)
			close(publishing->sockets[i]);
	}
	free(publishing->sockets);
	*publishing = (struct publishing){ 0 };
}
