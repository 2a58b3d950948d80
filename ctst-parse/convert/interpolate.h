/*
 * Variables in the values of a compose file:
 *
 *	$NAME  ${NAME}  ${NAME:-default}  ${NAME-default}  ${NAME:+other}  ${NAME+other}  ${NAME:?message}  ${NAME?message}
 *	$$     a literal $
 *
 * Default, other and message may hold variables themselves.
 */
#ifndef CTST_CONVERT_INTERPOLATE_H
#define CTST_CONVERT_INTERPOLATE_H

#include "common/buf.h"
#include "ctst-parse/convert/variables.h"

#define INTERPOLATE_MAX_DEPTH 32
#define INTERPOLATE_MAX_BYTES ((size_t)1 << 20) /* of one value */

enum interpolate_problem {
	INTERPOLATE_FINE,
	INTERPOLATE_MALFORMED,
	INTERPOLATE_REQUIRED, /* message says which variable, and what the file says about it */
	INTERPOLATE_TOO_LARGE,
};

struct interpolation {
	const struct variables *variables;
	/* Told of each variable that is not set and has no default; NULL: nobody is. */
	void (*unset)(void *data, struct ct_slice name);
	void *data;
	struct ct_buf message;
};

/* Appends the result to *out, with marks for secrets if the variables have a place for them (secret_values.h). */
enum interpolate_problem interpolate(struct interpolation *with, struct ct_slice text, struct ct_buf *out);

#endif
