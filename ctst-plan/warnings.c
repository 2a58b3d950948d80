#include "ctst-plan/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST ((size_t)1000)

void warnings_add(struct warnings *warnings, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	if (warnings->count == MOST)
		return;
	if (warnings->count == warnings->capacity) {
		warnings->capacity = warnings->capacity ? warnings->capacity * 2 : 16;
		warnings->items = ct_realloc_array(warnings->items, warnings->capacity, sizeof(*warnings->items));
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (warnings->count == MOST - 1)
		strcpy(text, "there are more warnings than are shown here");
	warnings->items[warnings->count++] = ct_arena_copy(warnings->arena, text, strlen(text));
}

void warnings_release(struct warnings *warnings)
{
	free(warnings->items);
	*warnings = (struct warnings){ 0 };
}
