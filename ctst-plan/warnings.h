/* What a person should know about a plan that is made all the same. */
#ifndef PLAN_WARNINGS_H
#define PLAN_WARNINGS_H

#include <stddef.h>

#include "common/arena.h"

struct warnings {
	struct ct_arena *arena; /* where the texts lie */
	const char **items;
	size_t count;
	size_t capacity;
};

/* At most 1000 are kept, the last of which says that there are more: nobody reads further. */
void warnings_add(struct warnings *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warnings_release(struct warnings *warnings);

#endif
