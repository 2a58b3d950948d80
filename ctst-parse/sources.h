/*
 * The files that a composition consists of: the one that was named, and those it imports.
 *
 * They share one space of offsets, one file behind the other in the order in which they
 * were read, so that an offset alone says which file a place is in, and places of
 * all files have one order.
 */
#ifndef CTST_PARSE_SOURCES_H
#define CTST_PARSE_SOURCES_H

#include "common/buf.h"
#include "ctst-parse/source.h"

#define SOURCES_MAX 1024
#define SOURCES_MAX_BYTES ((size_t)256 << 20) /* of all files together */

struct sources {
	struct source **items; /* owned, and so is what they point to */
	uint32_t count;
	size_t bytes;
};

/*
 * Takes over what *source holds, behind those that are there. NULL when a bound is reached; *source is
 * released in either case.
 */
struct source *sources_add(struct sources *sources, struct source *source);

/* The file that the offset is in; the one just behind the last byte is its file's too. */
const struct source *sources_find(const struct sources *sources, uint32_t offset);

void sources_release(struct sources *sources);

/* "line 4" for somebody who looks at `from`; "other.ctst:4" when `place` is in another file. */
void sources_append_line(struct ct_buf *out, const struct sources *sources, struct span from, struct span place);

#endif
