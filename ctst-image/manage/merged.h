/*
 * An image's layers as one tree, as OverlayFS shows them, read without mounting anything: whiteouts hide what lies below
 * them, opaque directories begin anew, and of what is not a directory the highest counts (ctst-image/whiteouts.h).
 *
 * A directory is shown by one or several layers, its contributors. Below it only those have to be looked at, from the highest
 * to the lowest of them; nothing above that could hide is there, for what hides a thing is looked at before it.
 */
#ifndef IMAGE_MERGED_H
#define IMAGE_MERGED_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/project.h"
#include "ctst-image/manifest.h"

struct merged {
	int trees[MANIFEST_MAX_LAYERS]; /* O_PATH, the lowest first */
	char ids[MANIFEST_MAX_LAYERS][65];
	int count;
};

#define MERGED_ABSENT (-1)

/* Something in the merged tree: which layer shows it, and down to which one others may show it too. */
struct merged_place {
	int top; /* MERGED_ABSENT: it is not there */
	int floor;
};

struct merged_contributors {
	int layers[MANIFEST_MAX_LAYERS]; /* the highest first */
	int count;
};

struct merged_name {
	char *name; /* owned */
	int top;
};

struct merged_listing {
	struct merged_name *names; /* sorted by bytes, each once; owned */
	size_t count;
};

/* The first `count` layers of the manifest, which must be unpacked. -1: I001, S003. */
int merged_open(struct merged *merged, const struct ct_project *project, const struct manifest *manifest, size_t count,
		struct ct_err *err);
void merged_close(struct merged *merged);

/* Which layers show the directory `path` ("." is the root). -1: S003. */
int merged_find_contributors(const struct merged *merged, const char *path, const struct merged_place *place,
			     struct merged_contributors *contributors, struct ct_err *err);

/* What the directory shows. To be released also after a failure. -1: S003, I003 (too much of it). */
int merged_list(const struct merged *merged, const char *path, const struct merged_contributors *contributors,
		struct merged_listing *listing, struct ct_err *err);
void merged_listing_release(struct merged_listing *listing);

#endif
