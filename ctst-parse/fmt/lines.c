#include "ctst-parse/fmt/lines.h"

#include <string.h>

static void indent(struct lines *lines)
{
	size_t columns = (size_t)lines->indent * LINE_INDENT;

	ct_buf_reserve(lines->out, columns);
	memset(lines->out->data + lines->out->length, ' ', columns);
	lines->out->length += columns;
}

static void write_source(struct lines *lines, uint32_t offset, uint32_t length)
{
	ct_buf_append(lines->out, lines->words->source->bytes + offset, length);
}

static void blank_line(struct lines *lines)
{
	if (!lines->at_begin)
		ct_buf_putc(lines->out, '\n');
}

static void comment_line(struct lines *lines)
{
	const struct comment *comment = &lines->words->comments[lines->comment++];

	indent(lines);
	write_source(lines, comment->offset, comment->length);
	ct_buf_putc(lines->out, '\n');
	lines->at_begin = false;
}

static bool gap_has_blank_line(const struct lines *lines, size_t word)
{
	for (size_t i = lines->comment; i < words_comments_end(lines->words, word); i++) {
		if (lines->words->comments[i].breaks == BREAKS_BLANK)
			return true;
	}
	return lines->words->items[word].breaks == BREAKS_BLANK;
}

void lines_closing_gap(struct lines *lines, size_t word)
{
	while (lines->comment < words_comments_end(lines->words, word)) {
		if (lines->words->comments[lines->comment].breaks == BREAKS_BLANK)
			blank_line(lines);
		comment_line(lines);
	}
}

void lines_gap(struct lines *lines, size_t word, bool apart)
{
	/* Where the author has an empty line nearby it is at the right side of the comments; else they go with what follows. */
	if (apart && !gap_has_blank_line(lines, word))
		blank_line(lines);
	lines_closing_gap(lines, word);
	if (lines->words->items[word].breaks == BREAKS_BLANK)
		blank_line(lines);
}

static const char *separator(uint8_t before, uint8_t kind, bool in_list)
{
	if (before == TOKEN_LEFT_BRACKET || before == TOKEN_DOT || before == TOKEN_COLON || kind == TOKEN_DOT ||
	    kind == TOKEN_COLON || kind == TOKEN_RIGHT_BRACKET || kind == TOKEN_RIGHT_BRACE)
		return "";
	return in_list ? ", " : " ";
}

static void write_words(struct lines *lines, size_t first, size_t last)
{
	const struct word *items = lines->words->items, *before = NULL;
	int depth = 0;

	for (size_t i = first; i <= last; i++) {
		if (items[i].kind == TOKEN_COMMA)
			continue;
		if (before)
			ct_buf_puts(lines->out, separator(before->kind, items[i].kind, depth > 0));
		write_source(lines, items[i].offset, items[i].length);
		depth += (items[i].kind == TOKEN_LEFT_BRACKET) - (items[i].kind == TOKEN_RIGHT_BRACKET);
		before = &items[i];
	}
}

/* The comment on the line of what has just been written; `next` is the first word behind that. */
static void trailing_comment(struct lines *lines, size_t next)
{
	const struct comment *comment;

	if (lines->comment == words_comments_end(lines->words, next))
		return;
	comment = &lines->words->comments[lines->comment];
	if (comment->breaks != BREAKS_NONE)
		return;
	ct_buf_puts(lines->out, "  ");
	write_source(lines, comment->offset, comment->length);
	lines->comment++;
}

size_t lines_write(struct lines *lines, size_t first, size_t last, bool comma)
{
	size_t next = last + 1;

	while (lines->comment < words_comments_end(lines->words, last))
		comment_line(lines);
	indent(lines);
	write_words(lines, first, last);
	if (comma)
		ct_buf_putc(lines->out, ',');
	next += lines->words->items[next].kind == TOKEN_COMMA;
	trailing_comment(lines, next);
	ct_buf_putc(lines->out, '\n');
	lines->at_begin = false;
	return next;
}

/* Columns of a word, counted no further than a line is wide. */
static size_t word_width(const struct lines *lines, const struct word *word)
{
	const char *text = lines->words->source->bytes + word->offset;
	size_t width = 0;

	for (size_t i = 0; i < word->length && width <= LINE_WIDTH; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static bool can_be_inline(const struct words *words, size_t open, size_t word)
{
	bool has_comment = word > open && words->items[word].comments != words_comments_end(words, word);
	bool opens_map = words->items[word].kind == TOKEN_LEFT_BRACE &&
			 words->items[word + 1].kind != TOKEN_RIGHT_BRACE;

	return !has_comment && !opens_map;
}

size_t lines_fitting_end(const struct lines *lines, size_t first, size_t open, bool comma)
{
	const struct word *items = lines->words->items, *before = NULL;
	size_t width = (size_t)lines->indent * LINE_INDENT + comma;
	int depth = 0;

	for (size_t i = first; width <= LINE_WIDTH; i++) {
		if (!can_be_inline(lines->words, open, i))
			return 0;
		if (items[i].kind == TOKEN_COMMA)
			continue;
		if (before)
			width += strlen(separator(before->kind, items[i].kind, depth > 0));
		width += word_width(lines, &items[i]);
		depth += (items[i].kind == TOKEN_LEFT_BRACKET) - (items[i].kind == TOKEN_RIGHT_BRACKET);
		before = &items[i];
		if (i >= open && depth == 0)
			return width <= LINE_WIDTH ? i : 0;
	}
	return 0;
}
