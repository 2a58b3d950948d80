/* The tree as files, in a directory of the store that the importer then reads. */
#ifndef SLIM_STAGE_H
#define SLIM_STAGE_H

#include "ctst-image/slim/slim.h"

struct stage {
	char *path; /* <layers>/.staging-<random>, common/store_leftovers.h */
	int fd;     /* holds the lock that says it is in use */
	int layers;
	char *name;
};

#define STAGE_INIT \
	{ \
		.fd = -1, .layers = -1 \
	}

/* Creates the directory, and `layers` and `images` where they are missing. -1: I003, S003. */
int stage_create(struct stage *stage, const char *images, const char *layers, struct ct_err *err);

/*
 * Copies every entry. Bytes are copied, never shared with a file outside the store. Times are those of the files and a fixed
 * one for directories, so that equal files give an equal image. -1: I003, also when a file is not what was looked at.
 */
int stage_fill(const struct stage *stage, const struct slim *slim, struct ct_err *err);

/* Removes it. */
void stage_discard(struct stage *stage);

#endif
