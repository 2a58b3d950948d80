#include "ctst-image/slim/tree.h"

#include <stdlib.h>
#include <string.h>

#include "ctst-image/link_map.h"

uint32_t tree_find(const struct tree *tree, const char *path)
{
	return ct_names_find(&tree->names, ct_slice_of(path));
}

uint32_t tree_add(struct tree *tree, const char *path, enum tree_kind kind, const char *reason, bool *added)
{
	uint32_t index = tree_find(tree, path);

	*added = index == CT_NAME_UNKNOWN;
	if (!*added)
		return index;
	if (tree->count == tree->capacity) {
		tree->capacity = tree->capacity ? 2 * tree->capacity : 64;
		tree->entries = ct_realloc_array(tree->entries, tree->capacity, sizeof(*tree->entries));
	}
	index = (uint32_t)tree->count++;
	tree->entries[index] = (struct tree_entry){
		.path = ct_arena_copy(&tree->arena, path, strlen(path)),
		.kind = kind,
		.reason = ct_arena_copy(&tree->arena, reason, strlen(reason)),
	};
	ct_names_add(&tree->names, ct_slice_of(tree->entries[index].path), index, NULL);
	return index;
}

/* qsort(3) has no argument for it. */
static const struct tree *sorting;

static int compare(const void *left, const void *right)
{
	return strcmp(sorting->entries[*(const uint32_t *)left].path, sorting->entries[*(const uint32_t *)right].path);
}

uint32_t *tree_sorted(const struct tree *tree)
{
	uint32_t *order = ct_alloc_array(tree->count, sizeof(*order));

	for (uint32_t i = 0; i < tree->count; i++)
		order[i] = i;
	sorting = tree;
	if (tree->count > 1)
		qsort(order, tree->count, sizeof(*order), compare);
	return order;
}

static bool is_further_name(struct link_map *links, const struct tree_entry *entry)
{
	const struct stat *status = &entry->status;

	return status->st_nlink > 1 && link_map_first(links, status->st_dev, status->st_ino, entry->path);
}

int64_t tree_size(const struct tree *tree)
{
	struct link_map links = { 0 };
	int64_t size = 0;

	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];

		if ((entry->kind == TREE_FILE || entry->kind == TREE_TEXT) && !is_further_name(&links, entry))
			size += entry->status.st_size;
	}
	link_map_release(&links);
	return size;
}

void tree_release(struct tree *tree)
{
	ct_names_release(&tree->names);
	free(tree->entries);
	ct_arena_release(&tree->arena);
	*tree = (struct tree)TREE_INIT;
}
