/* Paths as text. Nothing here looks at a file system. */
#ifndef CTST_PARSE_PATH_H
#define CTST_PARSE_PATH_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/template.h"

/* Whether a component of the path is . or .. */
bool path_has_dots(struct ct_slice path);

/* Whether the absolute path is /, or is or lies below one of /proc, /sys, /dev. */
bool path_is_reserved(struct ct_slice path);

/* Without doubled slashes and without one at the end; in the arena. */
struct ct_slice path_normalise(struct ct_slice path, struct ct_arena *arena);

/* The same as JSON text without quotes. */
void path_write_normalised(struct ct_buf *out, struct ct_slice path);

/* directory/rest; `rest` may be empty. The caller frees it. */
char *path_join(const char *directory, struct ct_slice rest);

/* Whether `path` is `directory` or lies below it, read as text with .. resolved. Both absolute. */
bool path_is_inside(const char *path, const char *directory);

#endif
