#include "ctst-parse/json_text.h"

#include <stdbool.h>

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

static char *escape(char *at, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	*at++ = '\\';
	switch (byte) {
	case '"':
	case '\\':
		*at++ = (char)byte;
		break;
	case '\n':
		*at++ = 'n';
		break;
	case '\t':
		*at++ = 't';
		break;
	default:
		*at++ = 'u';
		*at++ = '0';
		*at++ = '0';
		*at++ = digits[byte >> 4];
		*at++ = digits[byte & 0xf];
	}
	return at;
}

static char *append_escaped(char *at, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (is_plain(byte))
			*at++ = (char)byte;
		else
			at = escape(at, byte);
	}
	return at;
}

void json_text_escaped(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	ct_buf_reserve(out, 6 * length);
	at = append_escaped(out->data + out->length, text, length);
	*at = '\0';
	out->length = (size_t)(at - out->data);
}

void json_text_string(struct ct_buf *out, const char *text, size_t length)
{
	char *at;

	ct_buf_reserve(out, 6 * length + 2);
	at = out->data + out->length;
	*at++ = '"';
	at = append_escaped(at, text, length);
	*at++ = '"';
	*at = '\0';
	out->length = (size_t)(at - out->data);
}

void json_text_integer(struct ct_buf *out, int64_t value)
{
	char digits[21 + JSON_TEXT_BLOCK];
	char *end = digits + 21, *at = end;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--at = '-';
	json_text_padded(out, at, (size_t)(end - at));
}
