/* The plan as ctst-spawn reads it (ctst-plan(5)). Strings point into the document. */
#ifndef CTST_SPAWN_PLAN_H
#define CTST_SPAWN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"
#include "common/state.h"

enum action_kind { ACTION_CREATE, ACTION_REPLACE, ACTION_KEEP, ACTION_DESTROY };

struct action {
	enum action_kind kind;
	const char *name;
	const char *id;                  /* of the container that exists; NULL for ACTION_CREATE */
	const char *config_digest;       /* NULL for ACTION_DESTROY */
	const char *image;               /* URI; NULL for ACTION_DESTROY */
	const struct ct_json *container; /* NULL for ACTION_DESTROY */
	const struct ct_json *after;     /* array of names, or NULL */
	bool ready_when_healthy;         /* those that wait for it need more than its start */
	int64_t health_limit;            /* ns after its start in which its health check must have decided; 0: none */
	struct ct_state_address *addresses; /* with their prefixes, its own network's first; owned */
	size_t address_count;
	size_t *waits_for; /* indexes of the actions named by `after`; owned */
	size_t waits_for_count;
};

struct plan {
	const char *project_directory;
	const char *state_lineage; /* "" when there was no state */
	int64_t state_serial;
	struct action *actions; /* owned; what `after` names comes before */
	size_t count;
	const struct ct_json *networks; /* array, or NULL; checked by plan_networks_read() */
	size_t destroyed;               /* how many of them are ACTION_DESTROY */
};

#define PLAN_MOST_ACTIONS 200000

/* Checks everything: types, names once only, order, configurations. -1: P001. */
int plan_read(const struct ct_json *root, struct plan *plan, struct ct_err *err);
void plan_release(struct plan *plan);

#endif
