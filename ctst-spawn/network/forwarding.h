/* Forwarding on the interfaces of this network namespace: where it is off and would be needed, and switching it. */
#ifndef CTST_SPAWN_NETWORK_FORWARDING_H
#define CTST_SPAWN_NETWORK_FORWARDING_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define FORWARDING_MOST 64

struct forwarding_interface {
	int family; /* AF_INET or AF_INET6 */
	char name[IF_NAMESIZE];
};

struct forwarding {
	struct forwarding_interface items[FORWARDING_MOST];
	size_t count;
};

/* Interfaces of default routes, or (`all`) of any route but our bridges', that do not forward. */
void forwarding_find(bool all, struct forwarding *list);

/* Adds what is not in it yet. What does not fit is left out. */
void forwarding_add(struct forwarding *list, const struct forwarding *more);

/*
 * IPv4 has it for each interface; IPv6 since Linux 6.17, and before that its way out is there only where the host forwards
 * IPv6 in general. -1 with errno of the first one that failed.
 */
int forwarding_switch(const struct forwarding *list, bool on);

/* As lines "4 eth0", "6 eth0". What is none of these is passed over. */
void forwarding_parse(struct forwarding *list, const char *text);
void forwarding_format(const struct forwarding *list, struct ct_buf *text);

#endif
