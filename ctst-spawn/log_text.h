/*
 * Text that comes out of a container, made harmless: a terminal obeys what it is sent, so control characters and what
 * is not UTF-8 are written out instead.
 */
#ifndef CTST_SPAWN_LOG_TEXT_H
#define CTST_SPAWN_LOG_TEXT_H

#include <stddef.h>

#include "common/buf.h"

/*
 * For terminals: `^[` for a control character of ASCII (a tab stays), `\u009b` for those of Unicode and for the marks
 * that change the direction of text, `\x9b` for a byte that is not UTF-8.
 */
void log_text_append_visible(struct ct_buf *out, const char *text, size_t length);

/*
 * The members of a JSON object: `"text":"…"`, in which everything that would be dangerous on a terminal has its escape,
 * or `"base64":"…"` (RFC 4648) when it is not UTF-8 or has a NUL.
 */
void log_text_append_json(struct ct_buf *out, const char *text, size_t length);

/* How many bytes at the end begin a character of UTF-8 that is not complete: 0 to 3. */
size_t log_text_incomplete(const char *text, size_t length);

#endif
