/* The ports that a container publishes on the host: the list "published" of its configuration (ctst-plan(5)). */
#ifndef CTST_SPAWN_NETWORK_PUBLISHED_H
#define CTST_SPAWN_NETWORK_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"
#include "ctst-spawn/network/addresses.h"
#include "ctst-spawn/network/rules.h"

struct published {
	struct network_address host; /* "0.0.0.0" and "::": all addresses of the family */
	uint16_t host_port, container_port;
	int protocol; /* IPPROTO_TCP or IPPROTO_UDP */
};

/* One item of the list. -1 when it is not one. */
int published_read(const struct ct_json *item, struct published *published);

/* The whole list, checked; NULL is empty. -1: `code`. */
int published_check(const struct ct_json *list, const char *code, struct ct_err *err);

/* As a rule that leads it to a container with these addresses (with or without a prefix). False: it has none of that family. */
bool published_rule(const struct published *published, const char *address, const char *address6,
		    struct rules_port *rule);

/* A socket of the host that is bound to the port, and listens when it is TCP. -1 with errno, EADDRINUSE above all. */
int published_bind(const struct published *published);

/* "127.0.0.1:8080", "[::1]:53/udp". */
void published_format(const struct published *published, char text[80]);

#endif
