/*
 * The text of a .ctst file and where it comes from.
 *
 * A place in it is a `struct span`. Line and column are kept beside the offset
 * because nearly every value's place ends up in the composition ("origins"):
 * the lexer knows them for nothing, finding them again would cost a search.
 */
#ifndef CTST_PARSE_SOURCE_H
#define CTST_PARSE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

#define SOURCE_MAX_BYTES ((size_t)16 << 20)

struct span {
	uint32_t offset; /* bytes from the begin of the first file, see sources.h */
	uint32_t length; /* bytes; a span never goes beyond its line */
	uint32_t line;   /* from 1 */
	uint32_t column; /* from 1, in characters; a tab is one */
};

struct source {
	char *shown;     /* the path as the person gave it, "<stdin>" */
	char *file;      /* absolute; "<stdin>" */
	char *directory; /* absolute, symlinks resolved: what ./ in the file is relative to; NULL of a fetched file */
	char *bytes;     /* with a NUL behind the last one */
	size_t length;
	uint32_t base;   /* the offset of its first byte */
	uint32_t number; /* of the file in its sources */
	dev_t device;    /* which file it is, whatever path led to it; both 0: not known */
	ino_t inode;
};

static inline const char *source_bytes(const struct source *source, uint32_t offset)
{
	return source->bytes + (offset - source->base);
}

/*
 * Reads `path`, or standard input for "-". -1: exit status 4 when there is no such
 * file, 3 when it may not be read, 1 when it is not a regular file; E020 when it is
 * larger than SOURCE_MAX_BYTES.
 */
int source_read(struct source *source, const char *path, struct ct_err *err);

/* Which file a path leads to. False with errno when that cannot be told. */
bool source_identify(const char *path, dev_t *device, ino_t *inode);

/* A source of that text; `directory` is taken as given. Copies everything. */
void source_from_text(struct source *source, const char *shown, const char *directory, const char *text, size_t length);

void source_release(struct source *source);

#endif
