/* The bridge of a network, in the network namespace of the caller. */
#ifndef CTST_SPAWN_NETWORK_BRIDGE_H
#define CTST_SPAWN_NETWORK_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "ctst-spawn/network/addresses.h"
#include "ctst-spawn/network/netlink.h"

struct bridge {
	const char *name;
	const char *network;
	const char *project; /* its directory */
	struct network_address gateway, gateway6;
	bool forwards;  /* packets of its members go further than this bridge */
	bool localhost; /* 127.0.0.0/8 of this host leads to its members (published ports) */
};

/*
 * Makes it with its addresses, or brings one of ours up to date; `netlink` is a NETLINK_ROUTE socket. Sets what
 * /proc/sys/net has for this interface and nothing else. *index is the interface's. -1: R011, also when there is an
 * interface of that name that is not ours.
 */
int bridge_make(struct netlink *netlink, const struct bridge *bridge, uint32_t *index, struct ct_err *err);

/*
 * Takes a bridge of ours away, whatever is on it: who calls this knows from use.h that nobody needs it. A missing one is
 * fine, and so is one that is not ours, which stays. -1 with errno.
 */
int bridge_remove(struct netlink *netlink, const char *name);

#endif
