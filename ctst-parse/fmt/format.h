/* A text in its canonical layout, sure to mean what it meant before. */
#ifndef CTST_FMT_FORMAT_H
#define CTST_FMT_FORMAT_H

#include "common/buf.h"
#include "ctst-parse/source.h"

enum format_outcome {
	FORMAT_UNCHANGED,
	FORMAT_CHANGED,
	FORMAT_NO_SYNTAX, /* the text does not follow the grammar; the parser's diagnostics say where */
	FORMAT_TOO_LARGE, /* what came out is larger than a file of the language may be */
	FORMAT_MISTAKE,   /* what came out would mean something else: a fault of this program */
};

/* Appends the formatted text to `out`, which is empty. Only good with the first two outcomes. */
enum format_outcome format_source(const struct source *source, struct ct_buf *out);

#endif
