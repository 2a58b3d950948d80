/* .env files: NAME=value lines with quotes, escapes, comments and variables, as compose reads them. */
#ifndef CTST_CONVERT_DOTENV_H
#define CTST_CONVERT_DOTENV_H

#include "common/arena.h"
#include "common/err.h"
#include "ctst-parse/convert/variables.h"

#define DOTENV_MAX_BYTES ((size_t)1 << 20)

/*
 * Adds what the text says to *out; names and values live in the arena. Variables in values are looked up in `outside`
 * (NULL: nowhere) first, then among those already in *out. A line that is only a name takes its value from `outside`;
 * when that has none, it is added with value NULL if `keep_unset`, else left out. `raw` takes values as they stand, without
 * quotes, comments and variables. -1: E001 or E017, the message begins with "line N: ".
 */
int dotenv_read(const char *text, size_t length, const struct variables *outside, bool raw, bool keep_unset,
		struct ct_arena *arena, struct variables *out, struct ct_err *err);

#endif
