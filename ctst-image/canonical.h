/*
 * The canonical tar of a directory: the form whose SHA-256 is the digest of a
 * file:// source, so that the same tree has the same digest on every machine.
 *
 * Entries below the root under relative names without a trailing slash, sorted
 * component by component; GNU headers; mode 0755 for directories, symbolic links
 * and what its owner may execute, else 0644; owner 0:0 without names; one fixed
 * time; hard links as separate files; two zero blocks at the end.
 */
#ifndef IMAGE_CANONICAL_H
#define IMAGE_CANONICAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/buf.h"

#define CANONICAL_BLOCK 512

/*
 * Appends the header of an entry, with GNU long-name records in front of it where the
 * name or the link target has more than 100 bytes. `size` counts for regular files only;
 * `target` is a symbolic link's.
 */
void canonical_header(struct ct_buf *out, const char *path, mode_t mode, int64_t size, const char *target);

/* How many zero bytes follow a file's content. */
size_t canonical_padding(int64_t size);

/* Orders names as the canonical tar does: a directory's content directly behind it. */
int canonical_compare(const char *left, const char *right);

#endif
