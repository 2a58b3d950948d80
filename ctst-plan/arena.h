/*
 * Memory of one plan: everything is allocated forward and given back at once.
 * Nothing is freed singly and nothing outlives arena_release().
 */
#ifndef PLAN_ARENA_H
#define PLAN_ARENA_H

#include <stddef.h>

#include "common/buf.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used; /* of the newest block */
	size_t size;
};

#define ARENA_INIT \
	{ \
		0 \
	}

/* Zeroed memory, aligned for any pointer or 64-bit integer. Never NULL; out of memory ends the program. */
void *arena_alloc(struct arena *arena, size_t size);

/* Room for `count` items of `size` bytes; a product that overflows ends the program. */
void *arena_array(struct arena *arena, size_t count, size_t size);

char *arena_copy(struct arena *arena, const char *text, size_t length);

/* A copy of the buffer's text; the buffer is emptied and keeps its memory. */
char *arena_take(struct arena *arena, struct ct_buf *text);

char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

void arena_release(struct arena *arena);

#endif
