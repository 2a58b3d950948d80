/*
 * The place where an import grows before anybody can see it, and the lock of the store.
 *
 *	<layers>/.staging-<random>/    the tree; its importer holds flock(2) on it while it lives
 *	<images>/.staging-<random>     the layer's blob
 *
 * One rename each makes them visible. Whatever a killed importer left is known by a
 * lock that nobody holds and is removed by the next import or ctst ps (common/store_leftovers.h).
 *
 * The lock of the store, flock(2) on <images>, is held for moments only: to create, to
 * publish, to discard.
 */
#ifndef IMAGE_STAGING_H
#define IMAGE_STAGING_H

#include <stdbool.h>

#include "common/err.h"

struct staging {
	const char *images; /* borrowed */
	const char *layers;
	int images_fd; /* the lock of the store is taken on it */
	int layers_fd;
	int tree_fd;       /* the tree, read-only directory descriptor */
	int blob_fd;       /* the blob, open for writing; -1 when it was closed after publishing */
	char name[32];     /* ".staging-<random>" */
	char *made_parent; /* directories this import has created: removed again when it fails */
	bool made_images;
	bool made_layers;
};

#define STAGING_INIT \
	{ \
		.images_fd = -1, .layers_fd = -1, .tree_fd = -1, .blob_fd = -1 \
	}

/* Creates the store's directories (mode 0700) where missing, removes what dead importers left, creates tree and blob. */
int staging_create(struct staging *staging, const char *images, const char *layers, struct ct_err *err);

int staging_lock(struct staging *staging, struct ct_err *err);
void staging_unlock(struct staging *staging);

/*
 * With the lock held: gives the blob and the tree their final names (hex digits).
 * Where there is one of that name already it stays, for equal names mean equal content.
 */
int staging_publish(struct staging *staging, const char *blob_hex, const char *layer_hex, struct ct_err *err);

/* Removes what was not published, and the directories that were created for it. */
void staging_discard(struct staging *staging);

#endif
