/*
 * The words of the language, one at a time.
 *
 * What is not a word (a stray character, a comment of another language) is reported
 * and stepped over, so that the parser only ever sees tokens. A token that came with a
 * problem of its own is marked `damaged`: what is built from it is not checked again.
 */
#ifndef CTST_PARSE_LEXER_H
#define CTST_PARSE_LEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/template.h"
#include "ctst-parse/diagnostics.h"
#include "ctst-parse/source.h"

#define STRING_MAX_BYTES ((size_t)64 << 10)
#define NAME_MAX_BYTES 255

enum token_kind {
	TOKEN_END,
	TOKEN_WORD, /* identifier or reserved word */
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_LEFT_BRACE,
	TOKEN_RIGHT_BRACE,
	TOKEN_LEFT_BRACKET,
	TOKEN_RIGHT_BRACKET,
	TOKEN_EQUALS,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_DOT,
	TOKEN_ARROW,
};

/* Reserved words: not usable as a component's name or an alias, fine as keys. */
enum keyword {
	KEYWORD_NONE,
	KEYWORD_IMPORT,
	KEYWORD_AS,
	KEYWORD_COMPONENT,
	KEYWORD_FROM,
	KEYWORD_CONNECT,
	KEYWORD_EXPOSE,
	KEYWORD_HEALTHCHECK,
	KEYWORD_RESTART,
	KEYWORD_NETWORK,
	KEYWORD_SECRET,
	KEYWORD_TRUE,
	KEYWORD_FALSE,
	KEYWORD_LOWER_SECRET,
	KEYWORD_LOWER_ENV,
};

struct token {
	uint8_t kind;    /* enum token_kind */
	uint8_t keyword; /* WORD: enum keyword */
	bool first_on_line;
	bool damaged;
	bool has_template; /* STRING: "${" is in it */
	struct span span;
	struct ct_slice text; /* WORD and STRING (escapes resolved); points into the source or the arena */
	int64_t integer;
};

struct lexer {
	const struct source *source;
	struct ct_arena *arena;
	struct diagnostics *diagnostics; /* NULL: look ahead in silence */
	const char *at;
	const char *end;
	const char *line_base; /* a character at `p` has column p - line_base + 1 */
	uint32_t line;
	bool line_begins; /* no token on this line yet */
};

void lexer_start(struct lexer *lexer, const struct source *source, struct ct_arena *arena,
		 struct diagnostics *diagnostics);

/* At the end of the file TOKEN_END, again and again. */
void lexer_next(struct lexer *lexer, struct token *token);

/* The kind of the token after next, without reporting or consuming anything. */
enum token_kind lexer_peek(const struct lexer *lexer);

/*
 * From places in a STRING's text to places in the source, escapes and all. Goes forward only: offsets must not
 * decrease, so that asking for every part of a long string costs one walk over it.
 */
struct string_cursor {
	const char *text; /* behind the opening quote */
	size_t size;
	struct span literal;
	size_t raw;    /* bytes of the source that have been passed */
	size_t offset; /* bytes of the text they stand for */
	uint32_t column;
};

/* `literal` is the string with its quotes. */
struct string_cursor string_cursor_start(const struct source *source, struct span literal);

/* The place of `length` bytes that begin at byte `offset` of the text. */
struct span string_cursor_span(struct string_cursor *cursor, size_t offset, size_t length);

/* "'{'", "'api'", "a string", "the end of the file": for messages. Written into `text`, which is returned. */
#define TOKEN_TEXT_SIZE 96
const char *token_describe(const struct token *token, char text[TOKEN_TEXT_SIZE]);

#endif
