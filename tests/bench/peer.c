/*
 * A server for tests and benchmarks of networks, without any library: it answers every connection (TCP) and datagram (UDP) to
 * its ports with "NAME ADDRESS\n", its own name and the address of whoever asks.
 *
 *	peer NAME PORT…
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_PORTS 8

static int open_socket(int type, int port)
{
	static const int on = 1;
	static const int off;
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, type, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 128) < 0)) {
		perror("peer");
		exit(1);
	}
	return fd;
}

/* "::ffff:10.4.8.2" is 10.4.8.2. */
static int answer(char *text, size_t size, const char *name, const struct sockaddr_in6 *peer)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &peer->sin6_addr, address, sizeof(address));
	return snprintf(text, size, "%s %s\n", name, strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address);
}

static void serve_stream(int listener, const char *name)
{
	struct sockaddr_in6 peer;
	socklen_t length = sizeof(peer);
	int client = accept(listener, (struct sockaddr *)&peer, &length);
	char text[512];

	if (client < 0)
		return;
	if (write(client, text, (size_t)answer(text, sizeof(text), name, &peer)) < 0)
		perror("peer");
	close(client);
}

static void serve_datagram(int fd, const char *name)
{
	struct sockaddr_in6 peer;
	socklen_t length = sizeof(peer);
	char text[512];

	if (recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&peer, &length) >= 0)
		sendto(fd, text, (size_t)answer(text, sizeof(text), name, &peer), 0, (struct sockaddr *)&peer, length);
}

int main(int argc, char **argv)
{
	struct pollfd watches[2 * MOST_PORTS];
	nfds_t count = 0;

	for (int i = 2; i < argc && i < 2 + MOST_PORTS; i++) {
		watches[count++] = (struct pollfd){ .fd = open_socket(SOCK_STREAM, atoi(argv[i])), .events = POLLIN };
		watches[count++] = (struct pollfd){ .fd = open_socket(SOCK_DGRAM, atoi(argv[i])), .events = POLLIN };
	}
	while (count > 0) {
		poll(watches, count, -1);
		for (nfds_t i = 0; i < count; i++) {
			if (watches[i].revents && i % 2 == 0)
				serve_stream(watches[i].fd, argv[1]);
			else if (watches[i].revents)
				serve_datagram(watches[i].fd, argv[1]);
		}
	}
	return 2;
}
