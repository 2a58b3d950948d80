/* Who is on which network: its own, and by CONNECT that of whom it needs. */
#ifndef PLAN_NETWORKS_H
#define PLAN_NETWORKS_H

#include <stdint.h>

#include "common/arena.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"

struct network {
	const char *name;
	uint32_t *members; /* components in start order */
	size_t count;
	size_t capacity;
	uint32_t newest; /* the last member that was added, so that nobody is added twice */
};

struct networks {
	struct network *items; /* in the order in which their first members start; "none" is not one */
	size_t count;
	size_t capacity;
};

/* The caller releases them. */
void networks_make(struct networks *networks, const struct composition *composition, const struct graph *graph,
		   const uint32_t *order);
void networks_release(struct networks *networks);

#endif
