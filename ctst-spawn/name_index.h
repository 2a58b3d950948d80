/* Finding things by name among many: a sorted index, built once. */
#ifndef CTST_SPAWN_NAME_INDEX_H
#define CTST_SPAWN_NAME_INDEX_H

#include <stddef.h>

struct name_index {
	struct name_index_item {
		const char *name; /* borrowed */
		size_t value;
	} *items; /* owned */
	size_t count;
};

#define NAME_NOT_FOUND ((size_t)-1)

/* Room for `most` names; add them, then sort. */
void name_index_init(struct name_index *index, size_t most);
void name_index_add(struct name_index *index, const char *name, size_t value);

/* Returns a name that was added twice, or NULL. */
const char *name_index_sort(struct name_index *index);

/* The value of the name, or NAME_NOT_FOUND. */
size_t name_index_find(const struct name_index *index, const char *name);

void name_index_release(struct name_index *index);

#endif
