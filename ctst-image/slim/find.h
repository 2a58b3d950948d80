/*
 * One path of a root, followed as a program inside would follow it, with every symbolic link on the way kept: an
 * image that holds the target alone would not have the name.
 *
 * Nothing leaves the root: each step is an openat2(2) with RESOLVE_IN_ROOT of a path that has been found to hold no links.
 */
#ifndef SLIM_FIND_H
#define SLIM_FIND_H

#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/buf.h"

#define FIND_MAX_LINKS 40 /* as the kernel, path_resolution(7) */

struct found_link {
	size_t path, target; /* offsets in texts */
	struct stat status;
};

struct found {
	char path[PATH_MAX]; /* the real one, without a slash in front; "" is the root itself */
	struct stat status;
	struct found_link links[FIND_MAX_LINKS]; /* in the order they were met */
	size_t link_count;
	struct ct_buf texts;
};

#define FOUND_INIT \
	{ \
		.link_count = 0 \
	}
#define auto_found __attribute__((cleanup(found_release))) struct found

/* -1 with errno: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG and those of open(2). A slash in front of the path makes no difference. */
int find_path(struct found *found, int root, const char *path);

void found_release(struct found *found);

#endif
