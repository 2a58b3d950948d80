/* The times and counts of a health check, which a component and an image write in the same way. */
#ifndef CTST_PLAN_HEALTHCHECK_H
#define CTST_PLAN_HEALTHCHECK_H

#include "ctst-plan/check.h"
#include "ctst-plan/composition.h"

#define LONGEST_MS (INT64_C(366) * 24 * 3600 * 1000)

/* Overwrites those of *check that the object has. -1: P001 or what the document's error is. */
int healthcheck_read_numbers(struct healthcheck *check, const struct ct_json *object, const struct place *place,
			     struct ct_err *err);

#endif
