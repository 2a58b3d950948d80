/* What rm and prune tell of what they have removed: lines of text, or a ctst.image-removal/1 document. */
#ifndef IMAGE_REMOVAL_H
#define IMAGE_REMOVAL_H

#include "ctst-image/manage/sweep.h"

struct removal {
	char **names; /* of images; owned */
	size_t name_count;
	int64_t blobs, layers, bytes;
	bool dry_run;
};

void removal_add(struct removal *removal, char *name);
int removal_write(const struct removal *removal, bool json, struct ct_err *err);
void removal_release(struct removal *removal);

#endif
