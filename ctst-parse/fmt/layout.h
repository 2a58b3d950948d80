/* What goes on which line: the layout that "ctst fmt" gives to a text, ctst-fmt(1). */
#ifndef CTST_FMT_LAYOUT_H
#define CTST_FMT_LAYOUT_H

#include "common/buf.h"
#include "ctst-parse/fmt/words.h"

/* Appends to `out`. The words follow the grammar: syntax_is_good(). */
void layout_write(const struct words *words, struct ct_buf *out);

#endif
