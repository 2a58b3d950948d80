#include "ctst-parse/fmt/words.h"

#include <stdlib.h>
#include <string.h>

static void add_comment(struct words *words, struct comment comment)
{
	if (words->comment_count == words->comment_capacity) {
		words->comment_capacity = words->comment_capacity ? 2 * words->comment_capacity : 64;
		words->comments = ct_realloc_array(words->comments, words->comment_capacity, sizeof(comment));
	}
	words->comments[words->comment_count++] = comment;
}

/* Returns the offset of what ends the comment's line. */
static uint32_t read_comment(struct words *words, uint32_t begin, uint32_t end, enum breaks breaks)
{
	const char *bytes = words->source->bytes;
	uint32_t at = begin, last;

	while (at < end && bytes[at] != '\n' && bytes[at] != '\r')
		at++;
	for (last = at; bytes[last - 1] == ' ' || bytes[last - 1] == '\t'; last--)
		;
	add_comment(words, (struct comment){ begin, last - begin, (uint8_t)breaks });
	return at;
}

/* What stands between two words: spaces, line ends, comments. Returns the breaks in front of the second one. */
static enum breaks read_gap(struct words *words, uint32_t begin, uint32_t end)
{
	const char *bytes = words->source->bytes;
	enum breaks breaks = words->count == 0 ? BREAKS_LINE : BREAKS_NONE;
	uint32_t at = begin;

	while (at < end) {
		if (bytes[at] == '/') {
			at = read_comment(words, at, end, breaks);
			breaks = BREAKS_NONE;
			continue;
		}
		if (bytes[at] == '\n' || (bytes[at] == '\r' && bytes[at + 1] != '\n'))
			breaks += breaks < BREAKS_BLANK;
		at++;
	}
	return breaks;
}

static void add_word(struct words *words, const struct token *token, uint32_t gap)
{
	struct word word = {
		.offset = token->span.offset,
		.length = token->span.length,
		.comments = (uint32_t)words->comment_count,
		.kind = token->kind,
		.keyword = token->keyword,
	};

	word.breaks = (uint8_t)read_gap(words, gap, word.offset);
	if (words->count == words->capacity) {
		words->capacity = words->capacity ? 2 * words->capacity : 256;
		words->items = ct_realloc_array(words->items, words->capacity, sizeof(word));
	}
	words->items[words->count++] = word;
}

bool words_read(struct words *words, const struct source *source)
{
	struct diagnostics problems = { .sources = NULL }; /* counted, not shown */
	struct ct_arena arena = CT_ARENA_INIT;
	struct lexer lexer;
	struct token token;
	uint32_t gap;
	bool good;

	*words = (struct words){ .source = source };
	lexer_start(&lexer, source, &arena, &problems);
	gap = (uint32_t)(lexer.at - source->bytes); /* behind a byte order mark */
	do {
		lexer_next(&lexer, &token);
		if (problems.errors.total > 0)
			break;
		add_word(words, &token, gap);
		gap = token.span.offset + token.span.length;
	} while (token.kind != TOKEN_END);
	good = problems.errors.total == 0;
	diagnostics_release(&problems);
	ct_arena_release(&arena);
	return good;
}

static bool is_same_text(const struct words *a, uint32_t offset_a, const struct words *b, uint32_t offset_b,
			 uint32_t length)
{
	return memcmp(a->source->bytes + offset_a, b->source->bytes + offset_b, length) == 0;
}

static bool comments_are_the_same(const struct words *a, const struct words *b)
{
	if (a->comment_count != b->comment_count)
		return false;
	for (size_t i = 0; i < a->comment_count; i++) {
		const struct comment *first = &a->comments[i], *second = &b->comments[i];

		if (first->length != second->length ||
		    !is_same_text(a, first->offset, b, second->offset, first->length))
			return false;
	}
	return true;
}

static const struct word *skip_commas(const struct word *word)
{
	while (word->kind == TOKEN_COMMA)
		word++;
	return word;
}

bool words_are_the_same(const struct words *a, const struct words *b)
{
	const struct word *first = a->items, *second = b->items;

	for (;; first++, second++) {
		first = skip_commas(first);
		second = skip_commas(second);
		if (first->kind != second->kind || first->length != second->length ||
		    !is_same_text(a, first->offset, b, second->offset, first->length))
			return false;
		if (first->kind == TOKEN_END)
			return comments_are_the_same(a, b);
	}
}

void words_release(struct words *words)
{
	free(words->items);
	free(words->comments);
	*words = (struct words){ 0 };
}
