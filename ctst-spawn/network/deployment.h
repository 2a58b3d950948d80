/*
 * The networks of a plan, as ctst-spawn sets them up before it starts the first container: whoever comes later finds
 * everything in place, and what cannot be given is said while nothing has happened yet.
 */
#ifndef CTST_SPAWN_NETWORK_DEPLOYMENT_H
#define CTST_SPAWN_NETWORK_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/network/place.h"

/* Bridges, rules, lists of members, namespaces, ports. -1: R009, R011, with nothing left behind. */
int network_deployment_begin(struct deploy *deploy, struct ct_err *err);

/* What the index names as it was found is what is to run again (--rollback). -1: as network_deployment_begin(). */
int network_deployment_restore(struct deploy *deploy, struct ct_err *err);

/* Where the supervisor of this container has to be; the descriptors stay the deployment's. */
const struct place *network_deployment_place(const struct deploy *deploy, const struct ct_state_entry *entry);

/* Everything has started, or has failed to: what no container uses is taken away. */
void network_deployment_end(struct deploy *deploy);

#endif
