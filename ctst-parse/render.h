/* Diagnostics as people and editors read them. */
#ifndef CTST_PARSE_RENDER_H
#define CTST_PARSE_RENDER_H

#include <stdbool.h>

#include "common/buf.h"
#include "ctst-parse/diagnostics.h"

/*
 * The source line with a caret under every column of the span:
 *
 *	error[E002]: undefined component 'dbb'
 *	  --> stack.ctst:9:16
 *	   |
 *	 9 | CONNECT api -> dbb
 *	   |                ^^^ did you mean 'db'?
 *
 * Tabs are copied into the line of carets, wide characters get two; of a very long line only the surroundings are
 * shown. Characters that steer a terminal become '?'.
 */
void render_text(struct ct_buf *out, const struct diagnostics *all, const struct diagnostic *diagnostic, bool colour);

/*
 * One line of NDJSON: {"severity","code","message","file","line","column","end_column","source","hint"}; code and
 * hint are absent when there is none. Columns count characters from 1, end_column is the first one behind the span.
 */
void render_json(struct ct_buf *out, const struct diagnostics *all, const struct diagnostic *diagnostic);

#endif
