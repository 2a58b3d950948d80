#include "ctst-parse/arena.h"

#include <stdlib.h>

#include "common/buf.h"
#include "ctst-parse/large.h"

#define ALIGNMENT 8
#define FIRST_CHUNK ((size_t)64 << 10)
#define LARGEST_CHUNK ((size_t)8 << 20)

struct arena_chunk {
	struct arena_chunk *older;
	char bytes[];
};

static void add_chunk(struct arena *arena, size_t wanted)
{
	struct arena_chunk *chunk;

	if (arena->chunk_size == 0)
		arena->chunk_size = FIRST_CHUNK;
	else if (arena->chunk_size < LARGEST_CHUNK)
		arena->chunk_size *= 2;
	if (wanted < arena->chunk_size)
		wanted = arena->chunk_size;
	chunk = ct_alloc(sizeof(*chunk) + wanted);
	large_hint(chunk, wanted);
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->left = wanted;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *memory;

	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size > arena->left)
		add_chunk(arena, size);
	memory = arena->next;
	arena->next += size;
	arena->left -= size;
	return memory;
}

void arena_release(struct arena *arena)
{
	while (arena->chunks) {
		struct arena_chunk *older = arena->chunks->older;

		free(arena->chunks);
		arena->chunks = older;
	}
	*arena = (struct arena)ARENA_INIT;
}
