/*
 * The way between our bridges and the rest of the world, on the host: Linux hands on what comes in by an interface only if
 * forwarding is switched on there. On our own bridges that is our business; on an interface of the host it is its owner's.
 * Where it is off it is switched on for as long as somebody has a network, and a table of the packet filter sees to it that
 * nothing but our networks has a part in it.
 *
 * Which interfaces those are is written down in /run/containust/networks/<namespace>/, together with a lock like those of
 * use.h: the last user switches back, or the next command after all have been killed.
 */
#ifndef CTST_SPAWN_NETWORK_UPLINK_H
#define CTST_SPAWN_NETWORK_UPLINK_H

#include <stdbool.h>

#include "common/err.h"

/* The table that guards the interfaces. */
#define UPLINK_TABLE "containust-forwarding"

/*
 * Switches on what is off: the interfaces of default routes, or (`published`) all that lead anywhere. Returns a lock that
 * keeps it on, -1 with *err untouched when nothing of it is our doing. Where it cannot be done nothing is, and *closed tells.
 */
int uplink_open(bool published, bool *closed);

/* The lock alone, where somebody has switched something on in this network namespace; else -1. */
int uplink_join(void);

/* Gives the lock back; the last one switches off. -1 is allowed. */
void uplink_close(int lock);

/* Switches off what nobody uses any more. */
void uplink_sweep(void);
bool uplink_has_leftovers(void);

#endif
