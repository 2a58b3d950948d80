#include "common/json_text.h"

#include <stdbool.h>

#define LONGEST_ESCAPE 6 /* \u001B */
#define PIECE 4096       /* a long string is not given room for six times its length */

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

static char *escape(char *at, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char letters[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
	};

	*at++ = '\\';
	if (letters[byte]) {
		*at++ = letters[byte];
		return at;
	}
	*at++ = 'u';
	*at++ = '0';
	*at++ = '0';
	*at++ = digits[byte >> 4];
	*at++ = digits[byte & 0xf];
	return at;
}

static void append_piece(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	if (out->capacity - out->length <= LONGEST_ESCAPE * length)
		ct_buf_reserve(out, LONGEST_ESCAPE * length);
	at = out->data + out->length;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (is_plain(byte))
			*at++ = (char)byte;
		else
			at = escape(at, byte);
	}
	*at = '\0';
	out->length = (size_t)(at - out->data);
}

void ct_json_text_escaped(struct ct_buf *out, const char *text, size_t length)
{
	for (; length > PIECE; text += PIECE, length -= PIECE)
		append_piece(out, text, PIECE);
	append_piece(out, text, length);
}

void ct_json_text_string(struct ct_buf *out, const char *text, size_t length)
{
	ct_json_text_literal(out, "\"");
	ct_json_text_escaped(out, text, length);
	ct_json_text_literal(out, "\"");
}

void ct_json_text_integer(struct ct_buf *out, int64_t value)
{
	char digits[21 + CT_JSON_TEXT_BLOCK];
	char *end = digits + 21, *at = end;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--at = '-';
	ct_json_text_padded(out, at, (size_t)(end - at));
}
