/* The containers that a command line names. */
#ifndef CTST_SPAWN_SELECT_H
#define CTST_SPAWN_SELECT_H

#include <stddef.h>

#include "common/err.h"
#include "common/state.h"

/*
 * The entries for `names` in the order of the state, each once; all of them when there
 * are no names. The array is owned by the caller (free()). NULL: R005.
 */
const struct ct_state_entry **select_entries(const struct ct_state *state, char **names, size_t name_count,
					     size_t *count, struct ct_err *err);

#endif
