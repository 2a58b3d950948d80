/* What networks cannot give to a component, whatever addresses there are. */
#ifndef PLAN_REACH_H
#define PLAN_REACH_H

#include "common/err.h"
#include "ctst-plan/plan.h"

/*
 * The network "host" with --offline: -1 with R011. EXPOSE of a component that is on no network: -1 with R009; on
 * the host's a warning, for its ports are the host's already. plan->networks must have been made.
 */
int reach_check(struct plan *plan, struct ct_err *err);

#endif
