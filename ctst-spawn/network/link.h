/*
 * Interfaces: bridges, pairs of virtual Ethernet interfaces, their addresses and routes (rtnetlink(7)). Each function
 * adds its messages to the batch of a NETLINK_ROUTE socket, whose network namespace is the one they are about.
 */
#ifndef CTST_SPAWN_NETWORK_LINK_H
#define CTST_SPAWN_NETWORK_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctst-spawn/network/addresses.h"
#include "ctst-spawn/network/netlink.h"

/* A new bridge that answers for nobody yet; EEXIST when there is an interface of that name. */
void link_add_bridge(struct netlink *netlink, const char *name, const unsigned char hardware[6]);

void link_set_up(struct netlink *netlink, uint32_t index);

/* A text for people: "ip link show" prints it as alias. At most 255 bytes. */
void link_describe(struct netlink *netlink, const char *name, const char *text);

/*
 * A pair of interfaces: `name` here, up, as a port of the bridge `master`, and `peer` in the namespace of the
 * descriptor `namespace`. The one there gets the hardware address.
 */
struct link_pair {
	const char *name;
	const char *peer;
	uint32_t master;
	int namespace;
	unsigned char hardware[6];
};
void link_add_pair(struct netlink *netlink, const struct link_pair *pair);

/*
 * The port of a bridge may send a frame back where it came from. Where the host filters bridges (br_netfilter) a packet to a
 * published port is led there before it has left the bridge: also one of the container that it leads to.
 */
void link_allow_return(struct netlink *netlink, const char *name);

/* Missing ones are fine. */
void link_remove(struct netlink *netlink, const char *name);

/* IPv6 addresses are usable at once (no duplicate address detection): the plan gives each only once. */
void link_add_address(struct netlink *netlink, uint32_t index, const struct network_address *address);

/* The way to everywhere else. */
void link_add_default_route(struct netlink *netlink, uint32_t index, const struct network_address *gateway);

/* What a dump of all interfaces tells of each. */
struct link_seen {
	uint32_t index;
	uint32_t master; /* 0: no port of a bridge */
	char name[IF_NAMESIZE];
	unsigned char hardware[6];
	bool is_bridge;
	uint64_t received_bytes, received_packets, sent_bytes, sent_packets;
};
/*
 * The interface of that name. A change of its carrier that the kernel has yet to act upon takes effect (since Linux 6.8):
 * a port of a bridge forwards from then on. -1 with errno: ENODEV when there is none.
 */
int link_find(struct netlink *netlink, const char *name, struct link_seen *link);

int link_dump(struct netlink *netlink, void (*each)(const struct link_seen *link, void *context), void *context);

#endif
