/* Which path a file with several names had first: hard links of a source directory. */
#ifndef IMAGE_LINK_MAP_H
#define IMAGE_LINK_MAP_H

#include <stddef.h>
#include <stdint.h>

struct link_map_slot {
	uint64_t device;
	uint64_t inode;
	char *path; /* NULL: free */
};

struct link_map {
	struct link_map_slot *slots;
	size_t capacity;
	size_t count;
};

/* The first path of that file, or NULL when this is the first time it is seen; then `path` is kept. */
const char *link_map_first(struct link_map *map, uint64_t device, uint64_t inode, const char *path);
void link_map_release(struct link_map *map);

#endif
