/* Why a port of the host cannot be had: who has it. */
#ifndef CTST_SPAWN_NETWORK_PORTS_IN_USE_H
#define CTST_SPAWN_NETWORK_PORTS_IN_USE_H

#include "common/err.h"
#include "ctst-spawn/network/published.h"

/*
 * R009 for a port that published_bind() could not have, by errno: in use, by whom when that can be seen, not permitted, not
 * an address of this host. Always -1.
 */
int port_fail(const struct published *port, struct ct_err *err);

#endif
