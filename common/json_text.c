#include "common/json_text.h"

#include <stdbool.h>

#include "common/utf8.h"

#define LONGEST_ESCAPE 6 /* \u001B */
#define PIECE 4096       /* a long string is not given room for six times its length */

/*
 * Bytes that are looked at; all others stand for themselves. 0xc2, 0xd8 and 0xe2 begin the characters beyond ASCII that
 * ct_utf8_is_unsafe() knows, and many that are harmless.
 */
static const bool is_special[256] = {
	[0x00 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x7f] = true, [0xc2] = true, [0xd8] = true, [0xe2] = true,
};

static char *escape(char *at, uint32_t character)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char letters[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
	};

	*at++ = '\\';
	if (character < sizeof(letters) && letters[character]) {
		*at++ = letters[character];
		return at;
	}
	*at++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*at++ = digits[character >> shift & 0xf];
	return at;
}

/* An escape, or the first byte of a character that needs none. Returns how many bytes were taken. */
static size_t append_special(char **at, const char *text, size_t left)
{
	uint32_t character;
	size_t length = ct_utf8_decode(text, left, &character);

	if (length > 1 ? ct_utf8_is_unsafe(character) : length == 1) {
		*at = escape(*at, character);
		return length;
	}
	*(*at)++ = text[0];
	return 1;
}

/* At least `length` of the `left` bytes; the last character as a whole. Returns how many bytes were taken. */
static size_t append_piece(struct ct_buf *out, const char *text, size_t length, size_t left)
{
	size_t i = 0;
	char *at;

	if (out->capacity - out->length <= LONGEST_ESCAPE * length)
		ct_buf_reserve(out, LONGEST_ESCAPE * length);
	at = out->data + out->length;
	while (i < length) {
		if (is_special[(unsigned char)text[i]])
			i += append_special(&at, text + i, left - i);
		else
			*at++ = text[i++];
	}
	*at = '\0';
	out->length = (size_t)(at - out->data);
	return i;
}

void ct_json_text_escaped(struct ct_buf *out, const char *text, size_t length)
{
	while (length > 0) {
		size_t taken = append_piece(out, text, length < PIECE ? length : PIECE, length);

		text += taken;
		length -= taken;
	}
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
