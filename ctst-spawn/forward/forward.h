/*
 * ctst-forward: published ports of one container where the kernel's packet filter cannot lead to it: its network is in a
 * namespace of the project (without root, or --offline), or the port is on ::1.
 *
 * It is started by the container's supervisor with sockets that are bound on the host already, runs where the container
 * can be reached, and dies with the supervisor. One loop over epoll(7); what is large is bounded.
 */
#ifndef CTST_SPAWN_FORWARD_FORWARD_H
#define CTST_SPAWN_FORWARD_FORWARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define FORWARD_MOST_PORTS 512
#define FORWARD_MOST_CONNECTIONS 8192 /* of all ports; who comes then waits in the queue of the socket */
#define FORWARD_MOST_SESSIONS 4096    /* of UDP clients; the oldest one makes room */

struct forward_port {
	int socket; /* TCP: listening; UDP: bound */
	bool tcp;
	struct sockaddr_storage target;
	socklen_t target_length;
};

/* What epoll points at: the loop calls `ready` with the events. Its memory stays until the round is over. */
struct forward_source {
	void (*ready)(struct forward_source *source, uint32_t events);
};

/* -1 with errno. `events` as of epoll_ctl(2). */
int forward_watch(int fd, uint32_t events, struct forward_source *source);
void forward_watch_again(int fd, uint32_t events, struct forward_source *source);

/* Frees it when the events of this round have been seen. */
void forward_free_later(void *memory);

/* Takes connections and hands bytes on in both directions, until both sides have ended. -1 with errno. */
int forward_tcp(const struct forward_port *port);

/*
 * Hands datagrams on. A client's come from a socket of its own, so that the answers find their way back; it is forgotten
 * when nothing has come or gone for a minute. -1 with errno.
 */
int forward_udp(const struct forward_port *port);

/* How long the loop may sleep, in ms; -1: until something happens. Forgets clients whose time is over. */
int forward_udp_timeout(void);

#endif
