/* Where an entry goes: its directory below the root, and a free name in it. */
#ifndef IMAGE_UNPACK_PLACE_H
#define IMAGE_UNPACK_PLACE_H

#include "ctst-image/unpack.h"

/*
 * The directory that holds `path` (normalised, not ""), made with mode 0755 where an
 * archive leaves it out. The descriptor (O_PATH) belongs to unpack. -1: I003.
 */
int unpack_open_parent(struct unpack *unpack, const char *path, struct ct_err *err);

/* Opens the directory of `path` without making it; the caller closes. -1: errno. */
int unpack_find_parent(const struct unpack *unpack, const char *path);

/* Removes whatever has the entry's name. -1: errno. */
int unpack_clear_name(int parent, const char *name);

#endif
