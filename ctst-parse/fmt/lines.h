/*
 * Lines of words with the comments that belong to them.
 *
 * A comment on a line of its own stays on one, at the indentation of what follows. One
 * behind something stays behind it, at the end of its line. One in the middle of what
 * becomes a single line (between '=' and the value) moves above it. All keep their order.
 */
#ifndef CTST_FMT_LINES_H
#define CTST_FMT_LINES_H

#include "common/buf.h"
#include "ctst-parse/fmt/words.h"

#define LINE_INDENT 4 /* columns a level */
#define LINE_WIDTH 100

struct lines {
	const struct words *words;
	struct ct_buf *out;
	size_t comment;  /* the next one to be written */
	unsigned indent; /* levels */
	bool at_begin;   /* of the file or a block: empty lines are dropped there */
};

/*
 * The comments in front of the word on lines of their own, with the empty lines of the
 * author, of several one; then the one in front of the word. `apart`: there must be one somewhere.
 */
void lines_gap(struct lines *lines, size_t word, bool apart);

/* The same for a bracket that closes a block, or the end of the file: no empty line in front of it. */
void lines_closing_gap(struct lines *lines, size_t word);

/*
 * The words from `first` to `last` on one line, with ',' at its end if `comma`. Returns the next word that has not been
 * dealt with: the source's own comma behind `last` has been.
 */
size_t lines_write(struct lines *lines, size_t first, size_t last, bool comma);

/* The bracket that closes the one at `open`, if everything up to there can be on the line that begins with `first`; else 0. */
size_t lines_fitting_end(const struct lines *lines, size_t first, size_t open, bool comma);

#endif
