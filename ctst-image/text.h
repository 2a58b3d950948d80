/* How images are shown to people. */
#ifndef IMAGE_TEXT_H
#define IMAGE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* "3m ago"; "-" when `created` (RFC 3339) is NULL or no time. */
void text_age(const char *created, char *text, size_t size);
/* Appends the text, padded to `width` columns. Names come from strangers: nothing in them may move a terminal's cursor. */
void text_plain(struct ct_buf *out, const char *text, int width);
/* Appends the text with U+FFFD in the place of what is not UTF-8: JSON cannot hold that. */
void text_valid(struct ct_buf *out, const char *text);

#endif
