/*
 * Checks of a foreign document: every function names the member that is wrong by
 * its path ("components[3].ports[0]") and fails with P001.
 */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/* A place in the document, linked from the inside out; lives on the stack of whoever looks at it. */
struct place {
	const struct place *up;
	const char *member; /* NULL: an item of a list */
	size_t index;
};

#define PLACE_MEMBER(above, name) (&(const struct place){ .up = (above), .member = (name) })
#define PLACE_ITEM(above, number) (&(const struct place){ .up = (above), .index = (number) })

/* Appends the path from the outermost place: "components[3].ports[0]". */
void place_describe(struct ct_buf *out, const struct place *place);

/* "<path>: <message>" with P001. Always returns -1. */
int check_fail(struct ct_err *err, const struct place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int check_type(const struct ct_json *value, enum ct_json_type type, const struct place *place, struct ct_err *err);

/* An integer within the bounds, both included. */
int check_int(const struct ct_json *value, int64_t least, int64_t most, const struct place *place, int64_t *out,
	      struct ct_err *err);

/* A string; not empty when `filled`. */
int check_string(const struct ct_json *value, bool filled, const struct place *place, const char **out,
		 struct ct_err *err);

/* A list or an object with at most `most` items. */
int check_length(const struct ct_json *value, enum ct_json_type type, size_t most, const struct place *place,
		 struct ct_err *err);

/* A list of strings with at most `most` items. */
int check_strings(const struct ct_json *value, size_t most, const struct place *place, struct ct_err *err);

/* A member that must be there; NULL with P001 when it is not. */
const struct ct_json *check_member(const struct ct_json *object, const char *key, const struct place *place,
				   struct ct_err *err);

/* check_member() and check_string() in one. */
int check_member_string(const struct ct_json *object, const char *key, const struct place *place, const char **out,
			struct ct_err *err);

#endif
