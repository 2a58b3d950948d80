/*
 * A text as its words and comments, with what a formatter has to know about the
 * white space between them: whether a line ends there, and whether one is empty.
 *
 * The lexer steps over comments. They are found again between two words: where the
 * lexer had nothing to complain about, nothing else can be there.
 */
#ifndef CTST_FMT_WORDS_H
#define CTST_FMT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctst-parse/lexer.h"

/* Line ends in front of a word or comment, with nothing else behind the one before it. */
enum breaks {
	BREAKS_NONE, /* it stands on the same line; never true of the first in the file */
	BREAKS_LINE,
	BREAKS_BLANK, /* one line or more is empty */
};

struct word {
	uint32_t offset;
	uint32_t length;
	uint32_t
		comments; /* index of the first one behind the word before this; where the next word's begins, these end */
	uint8_t kind;     /* enum token_kind */
	uint8_t keyword; /* enum keyword */
	uint8_t breaks;  /* enum breaks */
};

struct comment {
	uint32_t offset; /* of the first slash */
	uint32_t length; /* without spaces at the end */
	uint8_t breaks;  /* enum breaks */
};

struct words {
	const struct source *source;
	struct word *items; /* the last one is TOKEN_END */
	size_t count, capacity;
	struct comment *comments;
	size_t comment_count, comment_capacity;
};

#define autowords __attribute__((cleanup(words_release))) struct words

/* False when the lexer finds an error. The words point into the source, which must outlive them. */
bool words_read(struct words *words, const struct source *source);

/* The index behind the last comment in front of the word. */
static inline size_t words_comments_end(const struct words *words, size_t word)
{
	return word + 1 < words->count ? words->items[word + 1].comments : words->comment_count;
}

/*
 * Whether two texts say the same: the same words as they are written, commas aside, and
 * the same comments. No comma decides what the words around it mean (ctst(5)), so
 * the syntax trees are then the same too.
 */
bool words_are_the_same(const struct words *a, const struct words *b);

void words_release(struct words *words);

#endif
