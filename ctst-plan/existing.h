/* What already exists of a project, as far as a plan has to know it. */
#ifndef PLAN_EXISTING_H
#define PLAN_EXISTING_H

#include "common/arena.h"
#include "common/json.h"
#include "common/state.h"

/*
 * Why a container with the right configuration has to be made anew all the same:
 * "ended with 1", "was never started", "could not be started"; NULL when it runs, or will by itself. In the arena.
 */
const char *reason_to_restart(const struct ct_state_entry *entry, struct ct_arena *arena);

/* Its config.json; NULL when it is missing or damaged. */
struct ct_json_doc *existing_config(const struct ct_state_entry *entry);

#endif
