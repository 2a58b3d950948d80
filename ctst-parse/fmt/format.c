#include "ctst-parse/fmt/format.h"

#include <string.h>

#include "ctst-parse/fmt/layout.h"
#include "ctst-parse/fmt/syntax.h"
#include "ctst-parse/fmt/words.h"

/* Read anew, as the next program will, and compared with what was there before. */
static bool is_same_meaning(const struct words *before, const struct ct_buf *text)
{
	const struct source source = { .bytes = text->data, .length = text->length };
	autowords after = { 0 };

	return words_read(&after, &source) && syntax_is_good(&after) && words_are_the_same(before, &after);
}

enum format_outcome format_source(const struct source *source, struct ct_buf *out)
{
	autowords words = { 0 };

	if (!words_read(&words, source) || !syntax_is_good(&words))
		return FORMAT_NO_SYNTAX;
	ct_buf_puts(out, "");
	layout_write(&words, out);
	if (out->length == source->length && memcmp(out->data, source->bytes, out->length) == 0)
		return FORMAT_UNCHANGED;
	if (out->length > SOURCE_MAX_BYTES)
		return FORMAT_TOO_LARGE;
	return is_same_meaning(&words, out) ? FORMAT_CHANGED : FORMAT_MISTAKE;
}
