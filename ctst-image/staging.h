/*
 * The place where an import grows before anybody can see it, and the locks of the store.
 *
 *	<layers>/.staging-<random>           empty; the importer holds flock(2) on it while it lives
 *	<layers>/.staging-<random>-<name>    trees, beside it: to move a directory to another one takes the right to write to it
 *	<images>/.staging-<random>/<name>    blobs
 *	<layers>/.staging-lock-<digest>      flock(2): the one who unpacks this layer; the others wait and find it done
 *
 * One rename each makes trees and blobs visible. Whatever a killed importer left is known by a
 * lock that nobody holds and is removed by the next import or ctst ps (common/store_leftovers.h).
 *
 * The lock of the store, flock(2) on <images>, is held for moments only: to create, to
 * publish, to discard. Locks of layers are taken before it, all at once and in the order of their
 * digests, so that nobody waits for somebody who waits for them.
 */
#ifndef IMAGE_STAGING_H
#define IMAGE_STAGING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct staging {
	const char *images; /* borrowed */
	const char *layers;
	int images_fd; /* the lock of the store is taken on it */
	int layers_fd;
	int lock_fd; /* the two directories called `name` */
	int blobs_fd;
	char name[32]; /* ".staging-<random>" */
	char **trees;  /* names of those that were made, with `name` in front */
	size_t tree_count;
	int *locks;    /* of layers */
	char **locked; /* their digests' hex digits, sorted */
	size_t lock_count;
	char **published; /* paths that were not there before: "blobs/sha256/<hex>" of images, "<hex>" of layers */
	size_t published_count;
	char *made_parent; /* directories this import has created: removed again when it fails */
	bool made_images;
	bool made_layers;
};

#define STAGING_INIT \
	{ \
		.images_fd = -1, .layers_fd = -1, .lock_fd = -1, .blobs_fd = -1 \
	}

/* Creates the store's directories (mode 0700) where missing, removes what dead importers left, creates both staging areas. */
int staging_create(struct staging *staging, const char *images, const char *layers, struct ct_err *err);

/* A new tree or blob of that name (hex digits, or any other word); the descriptor is the caller's. */
int staging_make_tree(struct staging *staging, const char *name, struct ct_err *err);
int staging_make_blob(struct staging *staging, const char *name, struct ct_err *err);
void staging_remove_tree(struct staging *staging, const char *name);

int staging_lock(struct staging *staging, struct ct_err *err);
void staging_unlock(struct staging *staging);

/*
 * Waits until nobody else unpacks any of these layers (hex digits; sorted and freed of doubles here). Held until
 * staging_discard(). Without the lock of the store, once per import.
 */
int staging_lock_layers(struct staging *staging, const char *const *layers, size_t count, struct ct_err *err);
/* Whether the store has the layer's tree. */
bool staging_has_layer(const struct staging *staging, const char *layer_hex);

/*
 * Everything that was staged to the disk, before any of it gets its final name: a name that survives a power failure has
 * its content. Of a tree only syncfs(2) can do that in one step, so other files of the file system go along. -1: I003.
 */
int staging_sync(const struct staging *staging, struct ct_err *err);

/*
 * With the lock of the store held: gives a blob its final name, its digest's hex digits. Where there is
 * one already it is replaced: it has the same content, or it is damaged.
 */
int staging_publish_blob(struct staging *staging, const char *name, const char *hex, struct ct_err *err);
/* The same for a tree. Where there is one already that one stays, for equal names mean equal content. */
int staging_publish_tree(struct staging *staging, const char *name, const char *hex, struct ct_err *err);

/* For blobs of other origin: says that this one (hex digits) is about to be written. */
void staging_note_blob(struct staging *staging, const char *hex);
/* With the lock of the store held: takes back what was published and was not there before. */
void staging_revert(struct staging *staging);

/* Removes what was not published, and the directories that were created for it. */
void staging_discard(struct staging *staging);

#endif
