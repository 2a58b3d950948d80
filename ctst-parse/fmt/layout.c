#include "ctst-parse/fmt/layout.h"

#include "ctst-parse/fmt/lines.h"

static size_t write_value(struct lines *lines, size_t first, size_t value, bool comma);

/* The line that begins with `first` and ends with the bracket at `open`, and what is in the bracket, up to its end. */
static size_t write_block(struct lines *lines, size_t first, size_t open, bool comma)
{
	const struct word *items = lines->words->items;
	bool is_list = items[open].kind == TOKEN_LEFT_BRACKET;
	enum token_kind close = is_list ? TOKEN_RIGHT_BRACKET : TOKEN_RIGHT_BRACE;
	size_t at;

	if (items[open + 1].kind == close && items[open + 1].comments == words_comments_end(lines->words, open + 1))
		return lines_write(lines, first, open + 1, comma);
	at = lines_write(lines, first, open, false);
	lines->indent++;
	lines->at_begin = true;
	while (items[at].kind != close) {
		lines_gap(lines, at, false);
		/* A key and '=' stand in front of a member's value. */
		at = is_list ? write_value(lines, at, at, true) : write_value(lines, at, at + 2, false);
	}
	lines_closing_gap(lines, at);
	lines->indent--;
	return lines_write(lines, at, at, comma);
}

/* The value at `value`, on a line that begins with `first`. Recurses at most as deep as the language nests. */
static size_t write_value(struct lines *lines, size_t first, size_t value, bool comma)
{
	uint8_t kind = lines->words->items[value].kind;

	if (kind == TOKEN_LEFT_BRACKET) {
		size_t end = lines_fitting_end(lines, first, value, comma);

		return end ? lines_write(lines, first, end, comma) : write_block(lines, first, value, comma);
	}
	if (kind == TOKEN_LEFT_BRACE)
		return write_block(lines, first, value, comma);
	return lines_write(lines, first, value, comma);
}

static size_t write_component(struct lines *lines, size_t first)
{
	size_t open = first;

	while (lines->words->items[open].kind != TOKEN_LEFT_BRACE)
		open++;
	return write_block(lines, first, open, false);
}

/* The last word of a statement that is one line: behind what must be there, each of the optional parts is two words. */
static size_t end_of_line(const struct word *items, size_t first)
{
	size_t last = items[first].keyword == KEYWORD_CONNECT ? first + 3 : first + 1;

	last += items[last + 1].kind == TOKEN_COLON ? 2 : 0;
	if (items[last + 1].keyword == KEYWORD_FROM || items[last + 1].keyword == KEYWORD_AS)
		last += 2;
	return last;
}

void layout_write(const struct words *words, struct ct_buf *out)
{
	struct lines lines = { .words = words, .out = out, .at_begin = true };
	enum keyword before = KEYWORD_NONE;
	size_t at = 0;

	ct_buf_reserve(out, words->source->length + words->source->length / 4);
	while (words->items[at].kind != TOKEN_END) {
		enum keyword keyword = words->items[at].keyword;

		lines_gap(&lines, at, keyword != before || keyword == KEYWORD_COMPONENT);
		if (keyword == KEYWORD_COMPONENT)
			at = write_component(&lines, at);
		else
			at = lines_write(&lines, at, end_of_line(words->items, at), false);
		before = keyword;
	}
	lines_closing_gap(&lines, at);
}
