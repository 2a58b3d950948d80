#include "ctst-spawn/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

void name_index_init(struct name_index *index, size_t most)
{
	index->items = ct_alloc_array(most, sizeof(*index->items));
	index->count = 0;
}

void name_index_add(struct name_index *index, const char *name, size_t value)
{
	index->items[index->count++] = (struct name_index_item){ name, value };
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct name_index_item *)a)->name, ((const struct name_index_item *)b)->name);
}

const char *name_index_sort(struct name_index *index)
{
	qsort(index->items, index->count, sizeof(*index->items), compare);
	for (size_t i = 1; i < index->count; i++) {
		if (compare(&index->items[i - 1], &index->items[i]) == 0)
			return index->items[i].name;
	}
	return NULL;
}

size_t name_index_find(const struct name_index *index, const char *name)
{
	struct name_index_item wanted = { name, 0 };
	const struct name_index_item *found = bsearch(&wanted, index->items, index->count, sizeof(wanted), compare);

	return found ? found->value : NAME_NOT_FOUND;
}

void name_index_release(struct name_index *index)
{
	free(index->items);
	*index = (struct name_index){ 0 };
}
