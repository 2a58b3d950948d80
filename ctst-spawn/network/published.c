#include "ctst-spawn/network/published.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"

#define WAITING_CONNECTIONS 4096 /* the kernel takes the less of this and net.core.somaxconn */

static bool read_port(const struct ct_json *item, const char *key, uint16_t *port)
{
	int64_t value;

	if (!ct_json_get_int(item, key, &value) || value < 1 || value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

int published_read(const struct ct_json *item, struct published *published)
{
	const char *protocol = ct_json_get_string(item, "protocol");

	*published = (struct published){ .protocol = IPPROTO_TCP };
	if (protocol && strcmp(protocol, "udp") == 0)
		published->protocol = IPPROTO_UDP;
	else if (protocol && strcmp(protocol, "tcp") != 0)
		return -1;
	if (!network_address_parse(ct_json_get_string(item, "address"), &published->host) ||
	    !read_port(item, "host_port", &published->host_port) ||
	    !read_port(item, "container_port", &published->container_port))
		return -1;
	return published->host.prefix == network_address_length(&published->host) * 8 ? 0 : -1;
}

int published_check(const struct ct_json *list, const char *code, struct ct_err *err)
{
	size_t index = 0;

	ct_json_each(item, list) {
		struct published published;

		if (published_read(item, &published) < 0)
			return ct_fail(err, code, "container configuration: published[%zu] is not a port on an address",
				       index);
		index++;
	}
	return 0;
}

bool published_rule(const struct published *published, const char *address, const char *address6,
		    struct rules_port *rule)
{
	*rule = (struct rules_port){ .protocol = published->protocol,
				     .host = published->host,
				     .host_port = published->host_port,
				     .container_port = published->container_port };
	return network_address_parse(published->host.family == AF_INET ? address : address6, &rule->container);
}

/* Reused at once after its last user: what is left of old connections is no obstacle. Who listens is. */
int published_bind(const struct published *published)
{
	static const int on = 1;
	bool tcp = published->protocol == IPPROTO_TCP;
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(published->host_port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(published->host_port) };
	bool is_v4 = published->host.family == AF_INET;
	ct_autoclose int fd = socket(published->host.family,
				     (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	memcpy(&v4.sin_addr, published->host.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, published->host.bytes, sizeof(v6.sin6_addr));
	if ((tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
	    (!is_v4 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
		 is_v4 ? sizeof(v4) : sizeof(v6)) < 0 ||
	    (tcp && listen(fd, WAITING_CONNECTIONS) < 0))
		return -1;
	return ct_take_fd(&fd);
}

void published_format(const struct published *published, char text[80])
{
	char address[NETWORK_ADDRESS_TEXT];
	bool bracketed = published->host.family == AF_INET6;

	network_address_format(&published->host, address);
	snprintf(text, 80, "%s%s%s:%u%s", bracketed ? "[" : "", address, bracketed ? "]" : "", published->host_port,
		 published->protocol == IPPROTO_UDP ? "/udp" : "");
}
