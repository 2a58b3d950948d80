#include "ctst-image/link_map.h"

#include <stdlib.h>

#include "common/buf.h"

/* Open addressing, at most half full. */
static struct link_map_slot *find(const struct link_map *map, uint64_t device, uint64_t inode)
{
	size_t at = (size_t)((inode ^ (device << 32)) * 0x9e3779b97f4a7c15u >> 20) & (map->capacity - 1);

	while (map->slots[at].path && (map->slots[at].inode != inode || map->slots[at].device != device))
		at = (at + 1) & (map->capacity - 1);
	return &map->slots[at];
}

static void grow(struct link_map *map)
{
	struct link_map larger = { .capacity = map->capacity ? 2 * map->capacity : 64, .count = map->count };

	larger.slots = ct_alloc_array(larger.capacity, sizeof(*larger.slots));
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->slots[i].path)
			*find(&larger, map->slots[i].device, map->slots[i].inode) = map->slots[i];
	}
	free(map->slots);
	*map = larger;
}

const char *link_map_first(struct link_map *map, uint64_t device, uint64_t inode, const char *path)
{
	struct link_map_slot *slot;

	if (2 * map->count >= map->capacity)
		grow(map);
	slot = find(map, device, inode);
	if (slot->path)
		return slot->path;
	*slot = (struct link_map_slot){ .device = device, .inode = inode, .path = ct_strdup(path) };
	map->count++;
	return NULL;
}

void link_map_release(struct link_map *map)
{
	for (size_t i = 0; i < map->capacity; i++)
		free(map->slots[i].path);
	free(map->slots);
	*map = (struct link_map){ 0 };
}
