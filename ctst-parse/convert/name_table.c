#include "ctst-parse/convert/name_table.h"

#include <string.h>

const char *name_take(struct name_table *table, struct ct_arena *arena, const char *name)
{
	uint32_t position = (uint32_t)table->taken.count, number = 2;
	const char *stem, *result = ct_arena_copy(arena, name, strlen(name));

	if (ct_names_add(&table->taken, ct_slice_of(result), position, NULL))
		return result;
	stem = ct_arena_printf(arena, "%.*s", NAME_MAX_BYTES - 8, result);
	/* Those that have been tried for others are not tried again. */
	ct_names_get(&table->stems, ct_slice_of(stem), &number);
	do
		result = ct_arena_printf(arena, "%s-%u", stem, number++);
	while (!ct_names_add(&table->taken, ct_slice_of(result), position, NULL));
	ct_names_replace(&table->stems, ct_slice_of(stem), number, NULL);
	return result;
}

const char *name_of(struct name_table *table, struct ct_arena *arena, const char *original, const char *name)
{
	uint32_t position;

	if (ct_names_get(&table->originals, ct_slice_of(original), &position))
		return table->taken.entries[position].name.text;
	position = (uint32_t)table->taken.count;
	ct_names_add(&table->originals, ct_slice_of(ct_arena_copy(arena, original, strlen(original))), position, NULL);
	return name_take(table, arena, name);
}

void name_table_release(struct name_table *table)
{
	ct_names_release(&table->taken);
	ct_names_release(&table->stems);
	ct_names_release(&table->originals);
}
