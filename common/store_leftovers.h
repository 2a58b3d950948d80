/*
 * What killed imports leave in an image store, told from what living ones are working on:
 *
 *	<layers>/.staging-<random>    a tree; its importer holds flock(2) on it while it lives
 *	<images>/.staging-<random>    the blob of that tree
 *	.<name>.new                   of an interrupted ct_replace_file_at(); written with the lock of the store held
 *
 * The lock of the store is flock(2) on <images>.
 */
#ifndef CT_STORE_LEFTOVERS_H
#define CT_STORE_LEFTOVERS_H

#define CT_STAGING_PREFIX ".staging-"

/* Removes them. The caller holds the lock of the store; the descriptors are those of its two directories. */
void ct_store_remove_leftovers(int images, int layers);

/* The same by path, where the store exists, there is something to remove, and nobody holds the lock. */
void ct_store_tidy(const char *images, const char *layers);

#endif
