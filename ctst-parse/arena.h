/*
 * Memory that is given back all at once: everything a parsed file consists of
 * lives as long as the program needs the file, so nothing is freed singly.
 */
#ifndef CTST_PARSE_ARENA_H
#define CTST_PARSE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the newest first */
	char *next;
	size_t left;
	size_t chunk_size; /* of the next chunk; grows with the file */
};

#define ARENA_INIT \
	{ \
		0 \
	}

/* Uninitialised memory, aligned for every type of this folder. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void arena_release(struct arena *arena);

#endif
