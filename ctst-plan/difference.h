/* In what a container's new configuration differs from the one it was made with, field by field. */
#ifndef PLAN_DIFFERENCE_H
#define PLAN_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

/*
 * "memory_max", "env.X", "image.digest". Values as a person reads them: a string as
 * it is, everything else as JSON; NULL: not set. What a variable with a
 * secret-looking name holds is MASKED.
 */
struct change {
	const char *field;
	const char *from;
	const char *to;
};

struct changes {
	struct change *items;
	size_t count;
};

/*
 * Compares two "container" objects; texts and items lie in the arena. Fields in the
 * order of the new object, then those that are gone. With `image_unknown` the new
 * image has not been imported, and what would have come from it is not compared.
 */
struct changes difference(const struct ct_json *old, const struct ct_json *new, bool image_unknown,
			  struct ct_arena *arena);

#endif
