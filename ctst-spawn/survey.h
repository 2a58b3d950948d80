/*
 * What all containers do, and what they use, at one moment.
 *
 * Nearly all of the time goes into opening small files of the kernel, one container after the other, so for many
 * containers the work is divided: processes forked for it fill in a table that they share with this one.
 */
#ifndef CTST_SPAWN_SURVEY_H
#define CTST_SPAWN_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/state.h"
#include "common/status.h"
#include "ctst-spawn/usage.h"

struct survey_row {
	bool done;     /* the rest of the row has been filled in */
	bool readable; /* its status.json could be read */
	struct ct_status status;
	struct usage usage;
};

struct survey {
	struct survey_row *rows; /* in the order of the state; in shared memory */
	size_t count;
};

#define SURVEY_INIT \
	{ \
		.rows = NULL \
	}

/* With `usage` also what the running ones use. survey_release() gives back what it takes. -1: there is no memory. */
int survey_take(struct survey *survey, const struct ct_project *project, const struct ct_state *state, bool usage,
		struct ct_err *err);

/* Of one that ct_state_load() has found: -1 with what is wrong with its status. */
int survey_check(const struct survey *survey, const struct ct_state *state, size_t index, struct ct_err *err);

void survey_release(struct survey *survey);

#endif
