/*
 * Two merged trees side by side: what the second one has that the first has not, has not, or has otherwise. In the order of
 * the canonical tar; what is kept in memory is the names still to be visited beside the path to the current one.
 *
 * Type, mode, owner, link target, size and content count; times and extended attributes do not. What both have from the same
 * layer is not even read.
 */
#ifndef IMAGE_COMPARE_H
#define IMAGE_COMPARE_H

#include <sys/stat.h>

#include "ctst-image/manage/merged.h"

enum difference {
	DIFFERENT_TYPE = 1,
	DIFFERENT_MODE = 2,
	DIFFERENT_OWNER = 4,
	DIFFERENT_TARGET = 8,
	DIFFERENT_CONTENT = 16,
};

struct change {
	const char *path;          /* relative */
	const struct stat *before; /* NULL: added */
	const struct stat *after;  /* NULL: removed */
	int differences;           /* of what is in both */
};

/* -1 ends the comparison. */
typedef int (*change_fn)(void *data, const struct change *change, struct ct_err *err);

int compare_trees(const struct merged *before, const struct merged *after, change_fn report, void *data,
		  struct ct_err *err);

#endif
