/*
 * How JSON is spelled, appended to a buffer: escapes, digits, and the quick ways for what needs neither.
 *
 * Nearly everybody wants the writer of common/json.h, which is built on this and takes care of commas, keys, nesting
 * and invalid text. Whoever calls these functions does that alone; it is worth it for the tens of megabytes that the
 * parser writes for a large file.
 */
#ifndef CT_JSON_TEXT_H
#define CT_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"

/*
 * A string in quotes. The bytes must be valid UTF-8 (common/utf8.h); '"', '\\' and what ct_utf8_is_unsafe() names get
 * escapes: documents are shown on terminals too.
 */
void ct_json_text_string(struct ct_buf *out, const char *text, size_t length);

/* The same without the quotes. */
void ct_json_text_escaped(struct ct_buf *out, const char *text, size_t length);

void ct_json_text_integer(struct ct_buf *out, int64_t value);

/* What needs no escapes. In line, because most pieces are a few bytes long. */
static inline void ct_json_text_raw(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	if (out->capacity - out->length <= length)
		ct_buf_reserve(out, length);
	at = out->data + out->length;
	memcpy(at, text, length);
	at[length] = '\0';
	out->length += length;
}

#define CT_JSON_TEXT_BLOCK 32

/* The same for text that is followed by CT_JSON_TEXT_BLOCK readable bytes, whatever they are: copied in blocks. */
static inline void ct_json_text_padded(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	if (out->capacity - out->length <= length + CT_JSON_TEXT_BLOCK)
		ct_buf_reserve(out, length + CT_JSON_TEXT_BLOCK);
	at = out->data + out->length;
	for (size_t i = 0; i < length; i += CT_JSON_TEXT_BLOCK)
		memcpy(at + i, text + i, CT_JSON_TEXT_BLOCK);
	at[length] = '\0';
	out->length += length;
}

/* Punctuation and member names of the format itself: `,"name":`. */
#define ct_json_text_literal(out, literal) ct_json_text_raw((out), "" literal "", sizeof(literal) - 1)

#endif
