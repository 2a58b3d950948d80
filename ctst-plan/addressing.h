/*
 * The subnets of a plan's networks and the addresses of their members.
 *
 * What the state has stays: a container that goes on keeps its address, and one that is made anew gets that of
 * its predecessor. Everything else comes from digests of names, so that it is the same on every run and does not
 * depend on what else is there, as long as two names do not fall on one place.
 */
#ifndef PLAN_ADDRESSING_H
#define PLAN_ADDRESSING_H

#include "common/err.h"
#include "ctst-plan/plan.h"

#define ADDRESSING_MOST_NETWORKS 32 /* of one component */

/*
 * Fills in bridges, subnets and numbers of plan->networks; actions must have been decided. `routes` are the lines of
 * /proc/net/route, NULL: none. -1: R011 when there is no room.
 */
int addressing_assign(struct plan *plan, const char *routes, struct ct_err *err);

/* The place of the component in the subnet; NULL: it is not on that network. */
uint32_t *addressing_number(const struct networks *networks, uint32_t component, const struct network *network);

/* "10.4.8.2", "fd12:…::2": the address `number` of the network. In the arena. */
const char *addressing_text(const struct network *network, uint32_t number, struct ct_arena *arena);
const char *addressing_text6(const struct network *network, uint32_t number, struct ct_arena *arena);

#endif
