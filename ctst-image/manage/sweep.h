/*
 * Removing content that nothing in the store needs.
 *
 * The caller holds the lock of the store, has written an index that does not name the content any more, and knows that no
 * import is going on (store_edit.h). A blob goes in one step. A tree is first given a name under which it counts as
 * what a dead import left (common/store_leftovers.h), so that half of one never looks like a layer.
 */
#ifndef IMAGE_SWEEP_H
#define IMAGE_SWEEP_H

#include <stdbool.h>

#include "ctst-image/manage/reach.h"
#include "ctst-image/manage/store_edit.h"
#include "ctst-image/progress.h"

struct sweep {
	const struct store_edit *store;
	const struct reach *needed;     /* by the images of the index */
	const struct ct_names *in_use;  /* layers of containers */
	const struct reach *candidates; /* only these; NULL: everything that is not needed */
	bool dry_run;                   /* count, remove nothing */
	struct progress progress;
	int64_t blobs, layers; /* how many went */
	int64_t bytes;         /* of both, as the disk counts them */
};

/* -1: S003, I003. What could be removed is. */
int sweep_content(struct sweep *sweep, struct ct_err *err);

/*
 * Removes the records of sources that `manifests` does not name, or whose descriptors are marked in `dropped` (NULL: none is).
 * Without its record a source is imported again by the next build, so records go before the index changes.
 */
int sweep_records(const struct store_edit *store, const struct ct_json *manifests, const bool *dropped,
		  struct ct_err *err);

#endif
