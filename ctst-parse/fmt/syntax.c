#include "ctst-parse/fmt/syntax.h"

#include "ctst-parse/ast.h"

struct reader {
	const struct word *at; /* TOKEN_END, the last one, is never stepped over */
};

static bool take(struct reader *reader, enum token_kind kind)
{
	if (reader->at->kind != kind)
		return false;
	reader->at++;
	return true;
}

static bool take_keyword(struct reader *reader, enum keyword keyword)
{
	if (reader->at->keyword != keyword)
		return false;
	reader->at++;
	return true;
}

/* A name that is declared: no reserved word. */
static bool take_name(struct reader *reader)
{
	return reader->at->keyword == KEYWORD_NONE && take(reader, TOKEN_WORD);
}

/* A name that is referred to: any word but one that begins the next statement. */
static bool take_reference(struct reader *reader)
{
	switch (reader->at->keyword) {
	case KEYWORD_IMPORT:
	case KEYWORD_COMPONENT:
	case KEYWORD_CONNECT:
	case KEYWORD_EXPOSE:
		return false;
	default:
		return take(reader, TOKEN_WORD);
	}
}

static bool take_value(struct reader *reader, int depth);

/* Behind the bracket. */
static bool take_items(struct reader *reader, int depth)
{
	while (!take(reader, TOKEN_RIGHT_BRACKET)) {
		if (!take_value(reader, depth + 1))
			return false;
		take(reader, TOKEN_COMMA);
	}
	return true;
}

static bool take_members(struct reader *reader, int depth)
{
	while (!take(reader, TOKEN_RIGHT_BRACE)) {
		if (!take(reader, TOKEN_WORD) && !take(reader, TOKEN_STRING))
			return false;
		if (!take(reader, TOKEN_EQUALS) || !take_value(reader, depth + 1))
			return false;
		take(reader, TOKEN_COMMA);
	}
	return true;
}

/* Recurses at most as deep as the language nests. */
static bool take_value(struct reader *reader, int depth)
{
	if (take(reader, TOKEN_STRING) || take(reader, TOKEN_INTEGER) || take_keyword(reader, KEYWORD_TRUE) ||
	    take_keyword(reader, KEYWORD_FALSE))
		return true;
	if (depth >= VALUE_MAX_DEPTH)
		return false;
	if (take(reader, TOKEN_LEFT_BRACKET))
		return take_items(reader, depth);
	return take(reader, TOKEN_LEFT_BRACE) && take_members(reader, depth);
}

static bool take_component(struct reader *reader)
{
	if (!take_name(reader))
		return false;
	if (take_keyword(reader, KEYWORD_FROM) &&
	    !(take_reference(reader) && (!take(reader, TOKEN_DOT) || take_reference(reader))))
		return false;
	if (!take(reader, TOKEN_LEFT_BRACE))
		return false;
	while (!take(reader, TOKEN_RIGHT_BRACE)) {
		if (!take(reader, TOKEN_WORD) || !take(reader, TOKEN_EQUALS) || !take_value(reader, 0))
			return false;
		take(reader, TOKEN_COMMA);
	}
	return true;
}

static bool take_connect(struct reader *reader)
{
	return take_reference(reader) && take(reader, TOKEN_ARROW) && take_reference(reader);
}

static bool take_expose(struct reader *reader)
{
	if (!take(reader, TOKEN_STRING)) {
		if (!take(reader, TOKEN_INTEGER))
			return false;
		if (take(reader, TOKEN_COLON) && !take(reader, TOKEN_INTEGER))
			return false;
	}
	return !take_keyword(reader, KEYWORD_FROM) || take_reference(reader);
}

static bool take_import(struct reader *reader)
{
	return take(reader, TOKEN_STRING) && (!take_keyword(reader, KEYWORD_AS) || take_name(reader));
}

bool syntax_is_good(const struct words *words)
{
	struct reader reader = { words->items };
	bool good = true;

	while (good && !(reader.at->kind == TOKEN_END)) {
		if (take_keyword(&reader, KEYWORD_COMPONENT))
			good = take_component(&reader);
		else if (take_keyword(&reader, KEYWORD_CONNECT))
			good = take_connect(&reader);
		else if (take_keyword(&reader, KEYWORD_EXPOSE))
			good = take_expose(&reader);
		else if (take_keyword(&reader, KEYWORD_IMPORT))
			good = take_import(&reader);
		else
			good = false;
	}
	return good;
}
