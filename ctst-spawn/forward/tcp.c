/* Connections: accepted here, made there, and bytes between the two by splice(2), so that they are not copied. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/buf.h"
#include "ctst-spawn/forward/forward.h"

#define PIPE_SIZE (256 * 1024)
#define AT_A_TIME ((size_t)1 << 20)
#define MOST_ROUNDS 16 /* one connection must not keep all others waiting */

struct listener {
	struct forward_source source;
	struct forward_port port;
	bool paused;
};

enum { CLIENT, TARGET, SIDES };

struct connection;

struct side {
	struct forward_source source;
	struct connection *connection;
	int socket;
	/* What it has sent and the other side has not taken yet. */
	int pipe[2];
	size_t held;
	bool ended;  /* no more comes from it */
	bool passed; /* and the other side knows */
};

struct connection {
	struct side sides[SIDES];
	bool connected;
	bool closed;
};

static struct listener *listeners[FORWARD_MOST_PORTS];
static size_t listener_count;
static unsigned connections;

/* There is room again: who waits is let in. */
static void resume_listeners(void)
{
	for (size_t i = 0; i < listener_count; i++) {
		if (listeners[i]->paused)
			forward_watch_again(listeners[i]->port.socket, EPOLLIN, &listeners[i]->source);
		listeners[i]->paused = false;
	}
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_connection(struct connection *connection)
{
	if (connection->closed)
		return;
	connection->closed = true;
	for (int i = 0; i < SIDES; i++) {
		close_if_open(connection->sides[i].socket);
		close_if_open(connection->sides[i].pipe[0]);
		close_if_open(connection->sides[i].pipe[1]);
	}
	connections--;
	forward_free_later(connection);
	resume_listeners();
}

/* The client sees at once that nobody is there, as it would without us. */
static void reset(struct connection *connection)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(connection->sides[CLIENT].socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close_connection(connection);
}

static bool would_block(ssize_t moved)
{
	return moved < 0 && (errno == EAGAIN || errno == EINTR);
}

/* From one side to the other as far as it goes. -1: the connection is broken. */
static int move(struct side *from, const struct side *to)
{
	for (int round = 0; round < MOST_ROUNDS; round++) {
		ssize_t got = 0, put = 0;

		if (!from->ended && from->held < PIPE_SIZE) {
			got = splice(from->socket, NULL, from->pipe[1], NULL, AT_A_TIME,
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			if (got < 0 && !would_block(got))
				return -1;
			from->ended = got == 0;
			from->held += got > 0 ? (size_t)got : 0;
		}
		if (from->held > 0) {
			put = splice(from->pipe[0], NULL, to->socket, NULL, from->held,
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			if (put < 0 && !would_block(put))
				return -1;
			from->held -= put > 0 ? (size_t)put : 0;
		}
		if (got <= 0 && put <= 0)
			return 0;
	}
	/* There is more: with edge-triggered events nobody would tell again. */
	return 1;
}

/* -1: broken; 1: there is more to do at once. */
static int pass(struct connection *connection, int index)
{
	struct side *from = &connection->sides[index], *to = &connection->sides[1 - index];
	int more = move(from, to);

	if (more < 0)
		return -1;
	if (from->ended && from->held == 0 && !from->passed) {
		from->passed = true;
		shutdown(to->socket, SHUT_WR);
	}
	return more;
}

/* Whether the connection to the container has come about. -1: it has not, and will not. */
static int check_connected(struct connection *connection)
{
	int failure = 0;
	socklen_t length = sizeof(failure);

	if (connection->connected)
		return 0;
	if (getsockopt(connection->sides[TARGET].socket, SOL_SOCKET, SO_ERROR, &failure, &length) < 0 || failure)
		return -1;
	connection->connected = true;
	return 0;
}

#define BOTH_WAYS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

static void side_ready(struct forward_source *source, uint32_t events)
{
	struct side *side = (struct side *)source;
	struct connection *connection = side->connection;
	int there, back;

	if (connection->closed)
		return;
	if (side == &connection->sides[TARGET] && check_connected(connection) < 0) {
		reset(connection);
		return;
	}
	/* Until then what the client sends waits in its socket. */
	if (!connection->connected) {
		if (events & (EPOLLERR | EPOLLHUP))
			close_connection(connection);
		return;
	}
	there = pass(connection, CLIENT);
	back = there < 0 ? -1 : pass(connection, TARGET);
	if (there < 0 || back < 0 || (connection->sides[CLIENT].passed && connection->sides[TARGET].passed))
		close_connection(connection);
	else if (there || back)
		forward_watch_again(side->socket, BOTH_WAYS, &side->source);
}

static int open_side(struct connection *connection, int index, int socket)
{
	static const int on = 1;
	struct side *side = &connection->sides[index];

	side->socket = socket;
	if (socket < 0 || pipe2(side->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	/* The kernel may refuse more than it gives everybody; then it is what it is. */
	(void)fcntl(side->pipe[0], F_SETPIPE_SZ, PIPE_SIZE);
	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return 0;
}

static int connect_target(struct connection *connection, const struct forward_port *port)
{
	int target = connection->sides[TARGET].socket;

	if (connect(target, (const struct sockaddr *)&port->target, port->target_length) < 0 && errno != EINPROGRESS)
		return -1;
	for (int i = 0; i < SIDES; i++) {
		if (forward_watch(connection->sides[i].socket, BOTH_WAYS, &connection->sides[i].source) < 0)
			return -1;
	}
	return 0;
}

static void take_client(const struct forward_port *port, int client)
{
	struct connection *connection = ct_alloc_array(1, sizeof(*connection));

	connections++;
	for (int i = 0; i < SIDES; i++)
		connection->sides[i] = (struct side){
			.source = { side_ready }, .connection = connection, .socket = -1, .pipe = { -1, -1 }
		};
	if (open_side(connection, CLIENT, client) < 0 ||
	    open_side(connection, TARGET,
		      socket(port->target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0 ||
	    connect_target(connection, port) < 0)
		reset(connection);
}

static void pause_listener(struct listener *listener)
{
	listener->paused = true;
	forward_watch_again(listener->port.socket, 0, &listener->source);
}

static void listener_ready(struct forward_source *source, uint32_t events)
{
	struct listener *listener = (struct listener *)source;
	int client;

	(void)events;
	if (connections >= FORWARD_MOST_CONNECTIONS) {
		pause_listener(listener);
		return;
	}
	client = accept4(listener->port.socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client >= 0)
		take_client(&listener->port, client);
	else if ((errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) && connections > 0)
		pause_listener(listener);
}

int forward_tcp(const struct forward_port *port)
{
	struct listener *listener = ct_alloc_array(1, sizeof(*listener));

	*listener = (struct listener){ .source = { listener_ready }, .port = *port };
	listeners[listener_count++] = listener;
	return forward_watch(port->socket, EPOLLIN, &listener->source);
}
