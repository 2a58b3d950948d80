/* What ctst-ps shows: the containers that were chosen, as a table or as a document. */
#ifndef CTST_SPAWN_PS_H
#define CTST_SPAWN_PS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/state.h"
#include "common/status.h"
#include "ctst-spawn/usage.h"

struct ps_row {
	const struct ct_state_entry *entry;
	const struct ct_status *status;
	const struct usage *usage;
	const struct usage *before; /* an earlier reading; NULL: none, the time since its start counts */
};

/*
 * For people. On a terminal columns are left out and shortened until it fits, unless `whole`. Writes to standard output;
 * -1 when that fails.
 */
int ps_print_table(const struct ps_row *rows, size_t count, bool whole, struct ct_err *err);

/* The document ctst.ps/1 (ctst-ps(1)). */
int ps_print_json(const struct ps_row *rows, size_t count, struct ct_err *err);

#endif
