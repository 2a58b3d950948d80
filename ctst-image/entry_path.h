/*
 * Names of archive members, made safe before the kernel sees them.
 *
 * The rules are those of spec "Unpacking": a name may be absolute or hold `.` and
 * `..`, it is always read from the root of the image; one that climbs above that
 * root, is too long or too deep is refused. Symbolic links are not the concern of
 * this file: every name it returns is still resolved with RESOLVE_IN_ROOT.
 */
#ifndef IMAGE_ENTRY_PATH_H
#define IMAGE_ENTRY_PATH_H

#include <limits.h>
#include <stdbool.h>

#include "common/err.h"

#define ENTRY_PATH_MAX_DEPTH 256

/* Writes the relative name without `.`, `..` and doubled slashes; "" is the root itself. -1: I003. */
int entry_path_normalise(const char *name, char path[PATH_MAX], struct ct_err *err);

/* The part behind the last slash. */
const char *entry_path_name(const char *path);

/* OCI layer specification, "Whiteouts": the names that say what a lower layer loses. */
bool entry_path_is_whiteout(const char *path);

#endif
