/* Between lexer.c, lexer_string.c and lexer_problems.c; of no use to others. */
#ifndef CTST_PARSE_LEXER_INTERNAL_H
#define CTST_PARSE_LEXER_INTERNAL_H

#include "ctst-parse/lexer.h"

/* The span of [begin, end) on the current line. Call it before the bytes are stepped over. */
struct span lexer_span(const struct lexer *lexer, const char *begin, const char *end);

/* NULL while looking ahead, else as diagnostics_error(). */
#define lexer_error(lexer, ...) ((lexer)->diagnostics ? diagnostics_error((lexer)->diagnostics, __VA_ARGS__) : NULL)

/*
 * Steps over one character of two or more bytes. False when the bytes are not valid UTF-8: then one byte was stepped
 * over. Columns stay right.
 */
bool lexer_step_wide(struct lexer *lexer);

/* The string literal that begins at `at`. */
void lexer_string(struct lexer *lexer, struct token *token);

/* Reports what stands at `at` and belongs to no token, and steps over it. */
void lexer_stray(struct lexer *lexer);

/* Whether a character at `at` is one that no name may have, but that somebody may think is a letter. */
bool lexer_at_foreign_letter(const struct lexer *lexer, const char *at);

/* A word with such letters in it: reported, and taken as the name that was meant. */
void lexer_foreign_word(struct lexer *lexer, struct token *token);

/* Whether a single or curly quote stands at `at`. */
bool lexer_at_wrong_quote(const struct lexer *lexer);

/* Text in such quotes is reported and taken as the string that was meant. */
void lexer_wrong_quotes(struct lexer *lexer, struct token *token);

/* Another arrow than '->' is reported and taken as one. False: none stands at `at`. */
bool lexer_wrong_arrow(struct lexer *lexer, struct token *token);

#endif
