/* Between parser.c (statements), parser_component.c and parser_value.c. */
#ifndef CTST_PARSE_PARSER_INTERNAL_H
#define CTST_PARSE_PARSER_INTERNAL_H

#include "ctst-parse/lexer.h"
#include "ctst-parse/parser.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the one that is looked at; not consumed yet */
	const struct source *source;
	struct ct_arena *arena;
	struct diagnostics *diagnostics;
	bool strict;
	struct composition *composition;
	bool too_many; /* components; said once */
	bool too_many_exposures;
	uint32_t last_expected; /* offset + 1 of the last "expected …": a second one there says nothing new */
};

static inline void parser_advance(struct parser *parser)
{
	lexer_next(&parser->lexer, &parser->token);
}

static inline bool parser_is(const struct parser *parser, enum token_kind kind)
{
	return parser->token.kind == kind;
}

/* IMPORT, COMPONENT, CONNECT or EXPOSE, and not as a key in front of a '='. */
bool parser_at_statement(const struct parser *parser);

/* A word that begins a line and has a '=' behind it: whatever came before has been left open. */
bool parser_at_property(const struct parser *parser);

/* E001 "expected <what>, found <token>" at the current token; NULL when that has been said there already. */
struct diagnostic *parser_expected(struct parser *parser, const char *what);

/*
 * Whether the current token is that word, given in capitals. The same word in other capitals is reported, with what
 * was meant, and taken for it.
 */
bool parser_at_word(struct parser *parser, enum keyword keyword, const char *word);

void parser_strict_warning(struct parser *parser, struct span span, const char *what);

/* Behind COMPONENT. */
void parse_component(struct parser *parser, struct span keyword);

/*
 * A value at the current token. False when there is none, which has been reported; the token that is not a value has not
 * been consumed when it can be the begin of something else.
 */
bool parse_value(struct parser *parser, struct value *value, int depth);

#endif
