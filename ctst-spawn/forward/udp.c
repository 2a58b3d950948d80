/* Datagrams: a socket for each client, so that the container's answers tell to whom they go. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "ctst-spawn/forward/forward.h"

#define SECOND INT64_C(1000000000)
#define IDLE (60 * SECOND)
#define BUCKETS 1024
#define MOST_AT_ONCE 64 /* datagrams of one socket before others get their turn */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct server {
	struct forward_source source;
	struct forward_port port;
};

struct session {
	struct forward_source source;
	struct server *server;
	int socket;
	struct sockaddr_storage client;
	socklen_t client_length;
	union control local; /* the host's address that it sent to: where the answers have to come from */
	size_t local_length;
	struct session *next;            /* of its bucket */
	struct session *older, *younger; /* by the time of the last datagram */
	int64_t used;                    /* ct_monotonic() */
	bool closed;
};

static struct session *buckets[BUCKETS];
static struct session *oldest, *youngest;
static size_t session_count;
static char datagram[65536];

static struct session **bucket_of(const struct server *server, const struct sockaddr_storage *client, socklen_t length)
{
	const unsigned char *bytes = (const unsigned char *)client;
	uint32_t hash = 2166136261u ^ (uint32_t)server->port.socket;

	for (socklen_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return &buckets[(hash ^ hash >> 16) % BUCKETS];
}

static void unlink_age(struct session *session)
{
	*(session->older ? &session->older->younger : &oldest) = session->younger;
	*(session->younger ? &session->younger->older : &youngest) = session->older;
}

static void link_youngest(struct session *session)
{
	session->older = youngest;
	session->younger = NULL;
	*(youngest ? &youngest->younger : &oldest) = session;
	youngest = session;
	session->used = ct_monotonic();
}

static void close_session(struct session *session)
{
	struct session **at = bucket_of(session->server, &session->client, session->client_length);

	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
	unlink_age(session);
	close(session->socket);
	session->closed = true;
	session_count--;
}

int forward_udp_timeout(void)
{
	int64_t now = oldest ? ct_monotonic() : 0;

	/* Between two rounds: no event points at them any more. */
	while (oldest && now - oldest->used >= IDLE) {
		struct session *ended = oldest;

		close_session(ended);
		free(ended);
	}
	return oldest ? (int)((IDLE - (now - oldest->used)) / 1000000) + 1 : -1;
}

/* An answer of the container, back to the client from the address that it knows. */
static void session_ready(struct forward_source *source, uint32_t events)
{
	struct session *session = (struct session *)source;

	(void)events;
	for (int i = 0; i < MOST_AT_ONCE && !session->closed; i++) {
		ssize_t length = recv(session->socket, datagram, sizeof(datagram), 0);
		struct iovec data = { datagram, length > 0 ? (size_t)length : 0 };
		struct msghdr message = { .msg_name = &session->client,
					  .msg_namelen = session->client_length,
					  .msg_iov = &data,
					  .msg_iovlen = 1,
					  .msg_control = session->local_length ? session->local.bytes : NULL,
					  .msg_controllen = session->local_length };

		/* Refused: nobody listens in the container just now. The client tries again, or gives up. */
		if (length < 0 && errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != ENETUNREACH)
			return;
		if (length < 0)
			continue;
		unlink_age(session);
		link_youngest(session);
		(void)sendmsg(session->server->port.socket, &message, MSG_DONTWAIT);
	}
}

/* Only what is needed to answer: the address, not the interface it came in by. */
static void keep_local(struct session *session, const struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);

	session->local_length = 0;
	if (!header || header->cmsg_len > sizeof(session->local))
		return;
	memcpy(session->local.bytes, header, header->cmsg_len);
	session->local_length = message->msg_controllen;
	if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(&session->local.align);

		info->ipi_ifindex = 0;
		info->ipi_spec_dst = info->ipi_addr;
	}
}

static struct session *open_session(struct server *server, const struct sockaddr_storage *client, socklen_t length)
{
	struct session **bucket = bucket_of(server, client, length);
	struct session *session = ct_alloc_array(1, sizeof(*session));

	*session = (struct session){ .source = { session_ready }, .server = server, .client_length = length };
	memcpy(&session->client, client, length);
	session->socket = socket(server->port.target.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->socket < 0 ||
	    connect(session->socket, (const struct sockaddr *)&server->port.target, server->port.target_length) < 0 ||
	    forward_watch(session->socket, EPOLLIN, &session->source) < 0) {
		if (session->socket >= 0)
			close(session->socket);
		free(session);
		return NULL;
	}
	session->next = *bucket;
	*bucket = session;
	link_youngest(session);
	session_count++;
	return session;
}

static struct session *find_session(struct server *server, const struct sockaddr_storage *client, socklen_t length)
{
	struct session *at = *bucket_of(server, client, length);

	while (at && (at->server != server || at->client_length != length || memcmp(&at->client, client, length) != 0))
		at = at->next;
	if (at) {
		unlink_age(at);
		link_youngest(at);
		return at;
	}
	if (session_count >= FORWARD_MOST_SESSIONS) {
		struct session *ended = oldest;

		close_session(ended);
		forward_free_later(ended);
	}
	return open_session(server, client, length);
}

static void server_ready(struct forward_source *source, uint32_t events)
{
	struct server *server = (struct server *)source;
	union control control;
	struct sockaddr_storage client;
	struct iovec data = { datagram, sizeof(datagram) };
	struct msghdr message = { .msg_name = &client,
				  .msg_namelen = sizeof(client),
				  .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control) };
	struct session *session;
	ssize_t length;

	(void)events;
	/* One at a time: the socket tells again, and no more than one session ends for it. */
	memset(&client, 0, sizeof(client));
	length = recvmsg(server->port.socket, &message, MSG_DONTWAIT);
	if (length < 0)
		return;
	session = find_session(server, &client, message.msg_namelen);
	if (!session)
		return;
	keep_local(session, &message);
	(void)send(session->socket, datagram, (size_t)length, MSG_DONTWAIT);
}

int forward_udp(const struct forward_port *port)
{
	static const int on = 1;
	struct server *server = ct_alloc_array(1, sizeof(*server));

	*server = (struct server){ .source = { server_ready }, .port = *port };
	/* Of a socket for all addresses, answers have to come from the one that was asked. */
	(void)setsockopt(port->socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	(void)setsockopt(port->socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	return forward_watch(port->socket, EPOLLIN, &server->source);
}
