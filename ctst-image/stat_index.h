/*
 * Whether a source has changed, from what stat(2) says about it (as git's index does).
 *
 * Of an archive that is one file. Of a directory it is every entry: the index is a
 * compact file with one record each, and comparing is a walk along it. Nothing has
 * to be listed: an entry that was added or removed changes its directory's times.
 *
 * The index is a cache of this machine: its numbers are in the machine's byte order
 * and a reader that finds anything unexpected says "changed".
 */
#ifndef IMAGE_STAT_INDEX_H
#define IMAGE_STAT_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/buf.h"

struct stat_facts {
	uint64_t device;
	uint64_t inode;
	int64_t size;  /* bytes; of a directory 0, for file systems differ in what they say */
	int64_t mtime; /* ns since the epoch */
	int64_t ctime;
	uint32_t mode;
};

struct stat_facts stat_facts_of(const struct stat *status);
bool stat_facts_equal(const struct stat_facts *left, const struct stat_facts *right);

#define STAT_INDEX_ID_LENGTH 32

/* Starts an index; the id (hex digits) ties it to the record that names it. */
void stat_index_begin(struct ct_buf *index, const char id[STAT_INDEX_ID_LENGTH + 1]);

/* `path` is relative to the root of the source. */
void stat_index_add(struct ct_buf *index, const char *path, const struct stat_facts *facts);

/* Marks the end, so that a file that a crash cut short is not taken for a whole one. */
void stat_index_end(struct ct_buf *index);

/* Whether the index is whole, carries `id`, and every entry below `root` is as it was. */
bool stat_index_is_current(const struct ct_buf *index, const char *id, int root);

#endif
