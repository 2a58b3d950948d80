/* What has become of a project's containers, as far as `ctst run` must know. */
#ifndef CTST_OUTCOME_H
#define CTST_OUTCOME_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct outcome {
	int64_t serial;    /* of the state index; 0: there is none */
	size_t containers; /* in the index */
	size_t alive;      /* whose supervisor lives */
	size_t failed;     /* that ended otherwise than with 0 or by a requested stop */
	int exit_code;     /* of the last one in the index; -1: it has not ended */
};

/* The project of `directory`; nothing there yet is an outcome of zeros. -1: as ct_state_load() and ct_status_read(). */
int outcome_read(const char *directory, struct outcome *outcome, struct ct_err *err);

/* One container: its exit code. Several: 0 when all ended well, else 1. */
int outcome_exit_status(const struct outcome *outcome);

/* The directory of a .ctst file as named on a command line, "." for "-". The caller frees it. */
char *outcome_directory_of(const char *file);

#endif
