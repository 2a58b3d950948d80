/*
 * Files: bounded reads, complete writes, atomic replacement.
 */
#ifndef CT_FILE_H
#define CT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

/* Appends all of fd up to its end. -1 with errno: EFBIG when there is more than `limit` bytes. EINTR is handled. */
int ct_read_all(int fd, size_t limit, struct ct_buf *out);

/* All of `length` bytes from `offset` on, or fewer at the end of the file. -1 with errno. */
ssize_t ct_read_at(int fd, void *to, size_t length, off_t offset);

/* The file `path` below `dirfd` (AT_FDCWD allowed), not following a last symlink. -1 with errno, as ct_read_all(). */
int ct_read_file_at(int dirfd, const char *path, size_t limit, struct ct_buf *out);

/* Writes all bytes, whatever the kernel takes at a time. -1 with errno. */
int ct_write_all(int fd, const void *bytes, size_t length);

/*
 * Puts `length` bytes under `name` below `dirfd` in one step: readers see the old
 * content or the new one. The temporary name is `.<name>.new`, so a second writer
 * needs a lock of its own. With `durable` the data and the directory are synced
 * before it returns. -1 with errno, the temporary file removed.
 */
int ct_replace_file_at(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode, bool durable);

/* Creates a directory and those above it that are missing. -1 with errno; an existing directory is success. */
int ct_make_directories(const char *path, mode_t mode);

/*
 * Removes a tree below `parent` without following symlinks and without recursion.
 * A missing one is success. -1 with errno of the first thing that could not be
 * removed; the rest is removed all the same.
 */
int ct_remove_tree_at(int parent, const char *name);

/* Opens `path` as if `root` were /: symlinks, absolute ones too, stay inside (openat2(2), RESOLVE_IN_ROOT). -1 with errno. */
int ct_open_in_root(int root, const char *path, int flags, mode_t mode);

/*
 * Opens an existing `path` below `root` when no directory on the way is a symbolic link; ELOOP when one is. With
 * O_PATH | O_NOFOLLOW the last component may be one. -1 with errno.
 */
int ct_open_beneath(int root, const char *path, int flags);

/* Opens `path` (O_PATH) when no component of it is a symbolic link. -1 with errno: ELOOP when one is. */
int ct_open_without_links(const char *path);

/* Writes the buffer to stdout and closes it, so that a full disk is noticed. */
int ct_write_stdout(const void *bytes, size_t length, struct ct_err *err);

/* Makes sure descriptors 0, 1 and 2 are open (on /dev/null where not), so that no file lands there by accident. */
void ct_open_standard_descriptors(void);

#endif
