/*
 * The namespaces that hold the bridges of a project which are not in the caller's own: a network namespace, and without
 * root the user namespace that it belongs to.
 */
#ifndef CTST_SPAWN_NETWORK_PLACE_H
#define CTST_SPAWN_NETWORK_PLACE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/state.h"

struct place {
	int user;    /* descriptors; -1: none */
	int network; /* -1: the caller's own network namespace is the place */
};

#define PLACE_NONE \
	{ \
		.user = -1, .network = -1 \
	}

/*
 * Finds those of a running container of the index, which is in there: its supervisor is. Only of one that was started with
 * --offline or not, as `offline` says: from its place there is a way out, or there must be none. False when there is none.
 */
bool place_find(const struct ct_state *state, bool offline, struct place *place);

/* Makes new ones. They last as long as these descriptors, or a process in them. -1: R001, R011. */
int place_make(struct place *place, struct ct_err *err);

void place_release(struct place *place);

#endif
