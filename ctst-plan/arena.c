#include "ctst-plan/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)256 * 1024)
#define ALIGNMENT sizeof(uint64_t)

struct arena_block {
	struct arena_block *older;
	uint64_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	void *memory;

	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!arena->blocks || size > arena->size - arena->used) {
		size_t wanted = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		struct arena_block *block = ct_alloc(sizeof(*block) + wanted);

		block->older = arena->blocks;
		arena->blocks = block;
		arena->size = wanted;
		arena->used = 0;
	}
	memory = (char *)arena->blocks->bytes + arena->used;
	arena->used += size;
	memset(memory, 0, size);
	return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	/* ct_alloc() of the largest size is how "out of memory" is said in one place. */
	if (size && count > (SIZE_MAX / 4) / size)
		return ct_alloc(SIZE_MAX / 2);
	return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	return copy;
}

char *arena_take(struct arena *arena, struct ct_buf *text)
{
	char *copy = arena_copy(arena, text->data, text->length);

	ct_buf_clear(text);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		abort();
	text = arena_alloc(arena, (size_t)length + 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *older = arena->blocks->older;

		free(arena->blocks);
		arena->blocks = older;
	}
	*arena = (struct arena)ARENA_INIT;
}
