/* Why a text cannot be formatted, in the words of the parser. */
#ifndef CTST_FMT_PROBLEMS_H
#define CTST_FMT_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "ctst-parse/source.h"

/*
 * Appends what is wrong with the grammar of the text and nothing else, unless fifty other errors come first. Returns how
 * many problems these are.
 */
size_t problems_describe(struct source *source, bool colour, struct ct_buf *out);

#endif
