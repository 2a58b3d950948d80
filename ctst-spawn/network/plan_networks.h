/* The list "networks" of a plan (ctst-plan(5)). */
#ifndef CTST_SPAWN_NETWORK_PLAN_NETWORKS_H
#define CTST_SPAWN_NETWORK_PLAN_NETWORKS_H

#include "common/err.h"
#include "common/json.h"
#include "common/names.h"
#include "ctst-spawn/plan.h"

/*
 * Checks the list and gives every action the addresses of its component, its own network's first. `names` are those of
 * the actions that start something or keep it. -1: P001.
 */
int plan_networks_read(const struct ct_json *root, const struct ct_names *names, struct plan *plan, struct ct_err *err);
void plan_networks_release(struct plan *plan);

#endif
