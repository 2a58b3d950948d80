/*
 * Memory that is given back all at once: everything a document consists of lives as long as the
 * program needs the document, so nothing is freed singly and nothing outlives
 * ct_arena_release(). Running out of memory ends the program, as in common/buf.h.
 */
#ifndef CT_ARENA_H
#define CT_ARENA_H

#include <stddef.h>

#include "common/buf.h"

struct ct_arena_chunk;

struct ct_arena {
	struct ct_arena_chunk *chunks; /* the newest first */
	char *next;
	size_t left;
	size_t chunk_size; /* of the next chunk; grows with the document */
};

#define CT_ARENA_INIT \
	{ \
		0 \
	}

/* Memory aligned for any pointer or 64-bit integer, not initialised. Never NULL. */
void *ct_arena_alloc(struct ct_arena *arena, size_t size);

/* The same, zeroed. */
void *ct_arena_zalloc(struct ct_arena *arena, size_t size);

/* Zeroed room for `count` items of `size` bytes; a product that overflows ends the program. */
void *ct_arena_array(struct ct_arena *arena, size_t count, size_t size);

/* A NUL-terminated copy. */
char *ct_arena_copy(struct ct_arena *arena, const char *text, size_t length);

/* A copy of the buffer's text; the buffer is emptied and keeps its memory. */
char *ct_arena_take(struct ct_arena *arena, struct ct_buf *text);

char *ct_arena_printf(struct ct_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

void ct_arena_release(struct ct_arena *arena);

#endif
