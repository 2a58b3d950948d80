/*
 * /etc/ld.so.cache of the image. glibc's loader does not read ld.so.conf(5) at run time, only this cache
 * and a few directories that are built into it; so it lists the libraries that were taken.
 */
#ifndef SLIM_LOADER_CACHE_H
#define SLIM_LOADER_CACHE_H

#include "ctst-image/slim/slim.h"

struct loader_cache_item {
	const char *name; /* what it is asked for under */
	const char *path; /* absolute */
	uint32_t flags;   /* struct machine */
};

/* The bytes of a cache in glibc's format since 2.32 (elf/cache.c, "glibc-ld.so.cache1.1"). Sorts the items. */
void loader_cache_format(struct ct_buf *out, struct loader_cache_item *items, size_t count);

/* How the loader compares names: numbers in them by their value (_dl_cache_libcmp). */
int loader_cache_compare(const char *left, const char *right);

/* Adds the cache to the tree, when there are libraries that the loader of glibc finds by it. */
void loader_cache_take(struct slim *slim);

#endif
