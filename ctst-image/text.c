#include "ctst-image/text.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"

void text_age(const char *created, char *text, size_t size)
{
	int64_t then;
	char age[32];

	if (!created || ct_parse_time(created, &then) < 0) {
		snprintf(text, size, "-");
		return;
	}
	ct_format_age(ct_now() - then, age, sizeof(age));
	snprintf(text, size, "%s ago", age);
}

void text_plain(struct ct_buf *out, const char *text, int width)
{
	size_t left = strlen(text);
	int columns = 0;

	while (left > 0) {
		uint32_t character = 0;
		size_t length = ct_utf8_decode(text, left, &character);

		if (length == 0 || ct_utf8_is_unsafe(character))
			ct_buf_putc(out, '?');
		else
			ct_buf_append(out, text, length);
		columns += length == 0 || ct_utf8_is_unsafe(character) ? 1 : ct_utf8_width(character);
		text += length ? length : 1;
		left -= length ? length : 1;
	}
	while (columns++ < width)
		ct_buf_putc(out, ' ');
}

void text_valid(struct ct_buf *out, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t character;
		size_t length = ct_utf8_decode(text, left, &character);

		if (length == 0)
			ct_buf_puts(out, "\xef\xbf\xbd");
		else
			ct_buf_append(out, text, length);
		text += length ? length : 1;
		left -= length ? length : 1;
	}
}
