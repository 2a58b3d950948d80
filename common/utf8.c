#include "common/utf8.h"

#include <string.h>

static bool is_continuation(const char *text, size_t left, size_t index)
{
	return index < left && ((unsigned char)text[index] & 0xc0) == 0x80;
}

size_t ct_utf8_decode(const char *text, size_t left, uint32_t *character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)text[0];
	size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint32_t value;

	if (length == 1) {
		*character = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	value = lead & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(text, left, i))
			return 0;
		value = value << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

bool ct_utf8_is_valid(const char *text, size_t length)
{
	uint32_t character;

	for (size_t i = 0; i < length;) {
		uint64_t eight;
		size_t step;

		/* Eight bytes of ASCII at a time: nearly all of nearly every document. */
		if (length - i >= sizeof(eight)) {
			memcpy(&eight, text + i, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(eight);
				continue;
			}
		}
		step = ct_utf8_decode(text + i, length - i, &character);

		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

/*
 * The large blocks of Unicode's EastAsianWidth.txt (W and F) and of the common
 * combining marks: enough to keep a caret below its word. wcwidth(3) would depend
 * on the locale.
 */
bool ct_utf8_is_unsafe(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x061c ||
	       character == 0x200e || character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

int ct_utf8_width(uint32_t character)
{
	static const struct range invisible[] = {
		{ 0x0300, 0x036f }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x2064 },
		{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },   { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (character < 0x300)
		return 1;
	if (is_in(character, invisible, sizeof(invisible) / sizeof(invisible[0])))
		return 0;
	return is_in(character, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}
