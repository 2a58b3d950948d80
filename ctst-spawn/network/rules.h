/*
 * What the kernel's packet filter does for the networks of one index: the way out for their members, published ports,
 * and nothing else between them and everybody else. One table, replaced as a whole.
 */
#ifndef CTST_SPAWN_NETWORK_RULES_H
#define CTST_SPAWN_NETWORK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "ctst-spawn/network/addresses.h"

#define RULES_TABLE_LENGTH 32

struct rules_network {
	const char *bridge;
	struct network_address subnet, subnet6;
	bool localhost; /* something in it is published on 127.0.0.0/8 */
};

/* A port of the host that leads to a container. */
struct rules_port {
	int protocol;                /* IPPROTO_TCP or IPPROTO_UDP */
	struct network_address host; /* "0.0.0.0" and "::" are all of the host's addresses of their family */
	uint16_t host_port;
	struct network_address container;
	uint16_t container_port;
};

struct rules {
	char table[RULES_TABLE_LENGTH];
	struct rules_network *networks;
	size_t network_count;
	struct rules_port *ports;
	size_t port_count;
};

/* The table of the index whose rules lock (use.h) has this name. */
void rules_table_name(const char *index, char table[RULES_TABLE_LENGTH]);

/* Puts the table in place of what is there. -1: R011. */
int rules_apply(const struct rules *rules, struct ct_err *err);

/* Takes the table away. A missing one is fine. -1 with errno. */
int rules_remove(const char *table);

#endif
