#include "common/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/large.h"

#define ALIGNMENT 8
#define FIRST_CHUNK ((size_t)4 << 10)
#define LARGEST_CHUNK ((size_t)8 << 20)

struct ct_arena_chunk {
	struct ct_arena_chunk *older;
	char bytes[];
};

/* Small documents stay small, large ones take few chunks. */
static void add_chunk(struct ct_arena *arena, size_t wanted)
{
	struct ct_arena_chunk *chunk;

	if (arena->chunk_size == 0)
		arena->chunk_size = FIRST_CHUNK;
	else if (arena->chunk_size < LARGEST_CHUNK)
		arena->chunk_size *= 2;
	if (wanted < arena->chunk_size)
		wanted = arena->chunk_size;
	chunk = ct_alloc(sizeof(*chunk) + wanted);
	ct_large_hint(chunk, wanted);
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->left = wanted;
}

void *ct_arena_alloc(struct ct_arena *arena, size_t size)
{
	void *memory;

	/* Nothing needs an address too. */
	size = size ? size : 1;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size > arena->left)
		add_chunk(arena, size);
	memory = arena->next;
	arena->next += size;
	arena->left -= size;
	return memory;
}

void *ct_arena_zalloc(struct ct_arena *arena, size_t size)
{
	return memset(ct_arena_alloc(arena, size), 0, size);
}

void *ct_arena_array(struct ct_arena *arena, size_t count, size_t size)
{
	/* ct_alloc() of the largest size is how "out of memory" is said in one place. */
	if (size && count > (SIZE_MAX / 4) / size)
		return ct_alloc(SIZE_MAX / 2);
	return ct_arena_zalloc(arena, count * size);
}

char *ct_arena_copy(struct ct_arena *arena, const char *text, size_t length)
{
	char *copy = ct_arena_alloc(arena, length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *ct_arena_take(struct ct_arena *arena, struct ct_buf *text)
{
	char *copy = ct_arena_copy(arena, text->data, text->length);

	ct_buf_clear(text);
	return copy;
}

char *ct_arena_printf(struct ct_arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		abort();
	text = ct_arena_alloc(arena, (size_t)length + 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void ct_arena_release(struct ct_arena *arena)
{
	while (arena->chunks) {
		struct ct_arena_chunk *older = arena->chunks->older;

		free(arena->chunks);
		arena->chunks = older;
	}
	*arena = (struct ct_arena)CT_ARENA_INIT;
}
