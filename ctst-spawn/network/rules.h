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
#define RULES_CHAIN_LENGTH 64

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

/* All of one container. They are a chain of their own, which its supervisor fills and empties. */
struct rules_target {
	char chain[RULES_CHAIN_LENGTH];
	struct rules_port *ports;
	size_t port_count; /* 0: it does not run yet */
};

struct rules {
	char table[RULES_TABLE_LENGTH];
	struct rules_network *networks;
	size_t network_count;
	struct rules_target *targets;
	size_t target_count;
};

/* The table of the index whose rules lock (use.h) has this name. */
void rules_table_name(const char *index, char table[RULES_TABLE_LENGTH]);

/* The chain of a component, whose name may be longer than a chain's. */
void rules_chain_name(const char *component, char chain[RULES_CHAIN_LENGTH]);

/* Puts the table in place of what is there. -1: R011. */
int rules_apply(const struct rules *rules, struct ct_err *err);

/* The container runs: its ports lead to it. -1: R011. */
int rules_open_target(const char *table, const struct rules_target *target, struct ct_err *err);

/* They lead nowhere any more. -1 with errno. */
int rules_close_target(const char *table, const char *chain);

/* Takes the table away. A missing one is fine. -1 with errno. */
int rules_remove(const char *table);

/* Whether it is the errno of a kernel without nftables, or without what these rules need of it. */
bool rules_are_unknown(int failure);

#endif
