#include "ctst-plan/escape.h"

#include <string.h>

#include "common/utf8.h"

void plan_escape(struct ct_buf *out, const char *text)
{
	for (size_t left = strlen(text), step; left > 0; text += step, left -= step) {
		uint32_t character = (unsigned char)*text;

		step = ct_utf8_decode(text, left, &character);
		if (step > 0 && !ct_utf8_is_unsafe(character)) {
			ct_buf_append(out, text, step);
			continue;
		}
		step = step ? step : 1;
		if (character == '\n')
			ct_buf_puts(out, "\\n");
		else if (character == '\t')
			ct_buf_puts(out, "\\t");
		else
			ct_buf_printf(out, character < 0x80 ? "\\x%02x" : "\\u%04x", character);
	}
}
