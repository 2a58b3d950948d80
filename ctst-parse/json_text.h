/*
 * JSON as text, appended to a buffer. The parser writes tens of megabytes for a
 * large file; going through common/json's writer costs more than parsing does.
 */
#ifndef CTST_PARSE_JSON_TEXT_H
#define CTST_PARSE_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"

/* A string in quotes. The bytes must be valid UTF-8. */
void json_text_string(struct ct_buf *out, const char *text, size_t length);

/* The same without the quotes. */
void json_text_escaped(struct ct_buf *out, const char *text, size_t length);

void json_text_integer(struct ct_buf *out, int64_t value);

/* What needs no escapes. In line, because most pieces are a few bytes long. */
static inline void json_text_raw(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	if (out->capacity - out->length <= length)
		ct_buf_reserve(out, length);
	at = out->data + out->length;
	memcpy(at, text, length);
	at[length] = '\0';
	out->length += length;
}

#define JSON_TEXT_BLOCK 32

/* The same for text that is followed by JSON_TEXT_BLOCK readable bytes, whatever they are: copied in blocks. */
static inline void json_text_padded(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	if (out->capacity - out->length <= length + JSON_TEXT_BLOCK)
		ct_buf_reserve(out, length + JSON_TEXT_BLOCK);
	at = out->data + out->length;
	for (size_t i = 0; i < length; i += JSON_TEXT_BLOCK)
		memcpy(at + i, text + i, JSON_TEXT_BLOCK);
	at[length] = '\0';
	out->length += length;
}

/* Punctuation and member names of the format itself: `,"name":`. */
#define json_text_literal(out, literal) json_text_raw((out), "" literal "", sizeof(literal) - 1)

#endif
