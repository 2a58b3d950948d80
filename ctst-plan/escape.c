#include "ctst-plan/escape.h"

/* The scalar value at `at` when it is a control character or one that turns the text's direction; else 0. */
static unsigned int dangerous(const unsigned char *at)
{
	unsigned int character;

	if (at[0] < 0x20 || at[0] == 0x7f)
		return at[0];
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return at[1];
	if (at[0] != 0xe2 || (at[1] & 0xc0) != 0x80 || (at[2] & 0xc0) != 0x80)
		return 0;
	character = 0x2000u | (unsigned int)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
	if ((character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069) ||
	    character == 0x200e || character == 0x200f)
		return character;
	return 0;
}

void plan_escape(struct ct_buf *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		unsigned int character = dangerous(at);

		if (!character) {
			ct_buf_putc(out, (char)*at);
			continue;
		}
		if (character == '\n')
			ct_buf_puts(out, "\\n");
		else if (character == '\t')
			ct_buf_puts(out, "\\t");
		else
			ct_buf_printf(out, character < 0x80 ? "\\x%02x" : "\\u%04x", character);
		at += character < 0x80 ? 0 : character < 0x800 ? 1 : 2;
	}
}
