/*
 * What killed imports leave in an image store, told from what living ones are working on:
 *
 *	<layers>/.staging-<random>         empty; its importer holds flock(2) on it while it lives
 *	<layers>/.staging-<random>-<name>  the trees of that importer
 *	<images>/.staging-<random>         the blobs of these trees
 *	<layers>/.staging-lock-<digest>    held (flock) by the importer that unpacks this layer
 *	.<name>.new                        of an interrupted ct_replace_file_at(); written with the lock of the store held
 *
 * The lock of the store is flock(2) on <images>.
 */
#ifndef CT_STORE_LEFTOVERS_H
#define CT_STORE_LEFTOVERS_H

#define CT_STAGING_PREFIX ".staging-"
#define CT_STAGING_RANDOM 16 /* hex digits */

/* Removes them. The caller holds the lock of the store; the descriptors are those of its two directories. */
void ct_store_remove_leftovers(int images, int layers);

/* The same by path, where the store exists, there is something to remove, and nobody holds the lock. */
void ct_store_tidy(const char *images, const char *layers);

#endif
