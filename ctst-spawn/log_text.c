#include "ctst-spawn/log_text.h"

#include <stdbool.h>
#include <string.h>

#include "common/json_text.h"
#include "common/utf8.h"

static bool is_plain(char byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\t';
}

static size_t plain_length(const char *text, size_t length)
{
	size_t plain = 0;

	while (plain < length && is_plain(text[plain]))
		plain++;
	return plain;
}

void log_text_append_visible(struct ct_buf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t step = plain_length(text + i, length - i);
		uint32_t character;

		ct_buf_append(out, text + i, step);
		i += step;
		if (i == length)
			break;
		step = ct_utf8_decode(text + i, length - i, &character);
		if (step == 0)
			ct_buf_printf(out, "\\x%02x", (unsigned char)text[i]);
		else if (character < 0x80)
			ct_buf_printf(out, "^%c", (char)(character ^ 0x40));
		else if (ct_utf8_is_unsafe(character))
			ct_buf_printf(out, "\\u%04x", (unsigned)character);
		else
			ct_buf_append(out, text + i, step);
		i += step ? step : 1;
	}
}

static void append_base64(struct ct_buf *out, const char *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i < 3 ? length - i : 3;
		unsigned char three[3] = { 0 };
		char four[4];

		memcpy(three, bytes + i, left);
		four[0] = digits[three[0] >> 2];
		four[1] = digits[(three[0] & 3) << 4 | three[1] >> 4];
		four[2] = left > 1 ? digits[(three[1] & 15) << 2 | three[2] >> 6] : '=';
		four[3] = left > 2 ? digits[three[2] & 63] : '=';
		ct_buf_append(out, four, sizeof(four));
	}
}

void log_text_append_json(struct ct_buf *out, const char *text, size_t length)
{
	bool is_text = ct_utf8_is_valid(text, length) && (length == 0 || !memchr(text, '\0', length));

	ct_buf_puts(out, is_text ? "\"text\":\"" : "\"base64\":\"");
	if (is_text)
		ct_json_text_escaped(out, text, length);
	else
		append_base64(out, text, length);
	ct_buf_putc(out, '"');
}

size_t log_text_incomplete(const char *text, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++) {
		unsigned char byte = (unsigned char)text[length - back];
		size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;

		if (byte >= 0x80 && byte < 0xc0)
			continue; /* the middle of a character */
		return wanted > back ? back : 0;
	}
	return 0;
}
