/*
 * An archive of an image, taken apart: every file in it is staged as a blob, hashed, under the hex digits of its
 * digest, and what it was called is remembered.
 *
 * What the files are is known only when manifest.json or index.json has come, and those come last as often as
 * first. So the layers are unpacked afterwards, from their blobs, which the store needs anyway: that costs reading them
 * once more, out of the page cache.
 */
#ifndef IMAGE_COLLECT_H
#define IMAGE_COLLECT_H

#include "common/names.h"
#include "ctst-image/import.h"
#include "ctst-image/stream.h"

struct collected {
	char *name;   /* in the archive, normalised */
	char *target; /* of a link, normalised; NULL: a file */
	char hex[65]; /* of a file */
	int64_t size;
};

struct collection {
	struct collected *items;
	size_t count;
	struct ct_names names; /* → items; the last of a name counts */
};

#define COLLECTION_INIT \
	{ \
		.names = CT_NAMES_INIT \
	}

/* Whether archives of images have files of that name (normalised). */
bool collect_is_usual_name(const char *path);

/* -1: I002 (a file in blobs/ is not what its name says), I003. */
int collect_archive(struct collection *collection, struct import *import, struct stream *stream, struct ct_err *err);

/* The file of that name, through links; NULL when there is none. */
const struct collected *collection_find(const struct collection *collection, const char *name);

void collection_release(struct collection *collection);

#endif
