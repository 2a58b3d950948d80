/*
 * Clearing up after processes that were killed: what the state index does not name
 * is garbage, and so are the processes, cgroups and temporary files of containers
 * whose supervisor is gone.
 */
#ifndef CTST_SPAWN_RECONCILE_H
#define CTST_SPAWN_RECONCILE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/project.h"
#include "common/state.h"

/*
 * Reads the state and clears up. The caller holds the lock; entries whose directory is
 * gone are dropped, and the index is written again only when something was. -1: S codes; S004
 * when there are containers but no index, for then they are not garbage but all there is.
 */
int reconcile(const struct ct_project *project, struct ct_state *state, struct ct_err *err);

/*
 * For commands that only look: reads the state; clears up first when there is
 * something to clear up and nobody holds the lock, also in the image store. Where nothing is stale, nothing is
 * written, and where there is no project, nothing is created.
 */
int reconcile_if_free(const struct ct_project *project, struct ct_state *state, struct ct_err *err);

/*
 * Its parts, for a command that finds out anyway which containers have a living supervisor (`alive`: one flag for each
 * entry of the state; NULL: not known). reconcile_load() reads the state and is satisfied with it.
 * reconcile_now_if_free() returns 1 when it has cleared up and read the state again, 0 when somebody holds the lock.
 */
int reconcile_load(const struct ct_project *project, struct ct_state *state, struct ct_err *err);
bool reconcile_is_wanted(const struct ct_project *project, const struct ct_state *state, const bool *alive);
int reconcile_now_if_free(const struct ct_project *project, struct ct_state *state, struct ct_err *err);

#endif
