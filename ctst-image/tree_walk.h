/*
 * The entries of a directory tree in the order of the canonical tar: sorted component by
 * component, a directory's content directly behind it. No recursion, and what is kept
 * in memory is the names still to be visited beside the path to the current one.
 */
#ifndef IMAGE_TREE_WALK_H
#define IMAGE_TREE_WALK_H

#include <limits.h>
#include <stddef.h>

#include "common/err.h"

struct tree_walk {
	int root;
	char **pending; /* relative paths, the next one last */
	size_t count;
	size_t capacity;
	char path[PATH_MAX]; /* the current one */
};

/* Begins with the content of the root, which is no entry itself. -1: I003. */
int tree_walk_start(struct tree_walk *walk, int root, struct ct_err *err);

/* 1: walk->path is the next entry; 0: that was all. */
int tree_walk_next(struct tree_walk *walk);

/* Visits the content of walk->path, a directory, next. -1: I003 (too long, too deep, unreadable). */
int tree_walk_enter(struct tree_walk *walk, struct ct_err *err);

void tree_walk_release(struct tree_walk *walk);

#endif
