/* The files that a conversion reads, and their paths. */
#ifndef CTST_CONVERT_FILES_H
#define CTST_CONVERT_FILES_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"

/*
 * Appends a regular file of at most `limit` bytes, "-" being standard input. -1 with E008: not there (exit status 4 when the
 * person has named it, is_named), not readable, not a regular file; E020: larger. `what` is what messages call it: "a compose
 * file".
 */
int file_read(const char *path, size_t limit, const char *what, bool is_named, struct ct_buf *out, struct ct_err *err);

/* `path` from `directory` on, absolute, with . and .. taken out as text. In the arena. */
const char *path_absolute(struct ct_arena *arena, const char *directory, const char *path);

/* The absolute path as one would write it in `directory`: "./x" for what lies in it, else as it is. In the arena. */
const char *path_seen_from(struct ct_arena *arena, const char *directory, const char *absolute);

/* Up to the last slash, "." without one; in the arena. */
const char *path_directory(struct ct_arena *arena, const char *path);

/* Behind the last slash; points into `path`. */
const char *path_name(const char *path);

#endif
