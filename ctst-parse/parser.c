#include "ctst-parse/parser.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctst-parse/parser_internal.h"
#include "ctst-parse/suggestion.h"

/* A guess that keeps the table of names from growing in small steps. */
#define BYTES_PER_COMPONENT 160
/* Of one CONNECT that should have been many: those behind are not checked. */
#define PAIRS_MAX 1000

static bool is_statement_keyword(uint8_t keyword)
{
	return keyword == KEYWORD_IMPORT || keyword == KEYWORD_COMPONENT || keyword == KEYWORD_CONNECT ||
	       keyword == KEYWORD_EXPOSE;
}

bool parser_at_statement(const struct parser *parser)
{
	return parser_is(parser, TOKEN_WORD) && is_statement_keyword(parser->token.keyword) &&
	       lexer_peek(&parser->lexer) != TOKEN_EQUALS;
}

bool parser_at_property(const struct parser *parser)
{
	return parser_is(parser, TOKEN_WORD) && parser->token.first_on_line &&
	       lexer_peek(&parser->lexer) == TOKEN_EQUALS;
}

struct diagnostic *parser_expected(struct parser *parser, const char *what)
{
	char found[TOKEN_TEXT_SIZE];

	if (parser->last_expected == parser->token.span.offset + 1)
		return NULL;
	parser->last_expected = parser->token.span.offset + 1;
	return diagnostics_error(parser->diagnostics, "E001", parser->token.span, "expected %s, found %s", what,
				 token_describe(&parser->token, found));
}

bool parser_at_word(struct parser *parser, enum keyword keyword, const char *word)
{
	struct ct_slice text = parser->token.text;

	if (!parser_is(parser, TOKEN_WORD))
		return false;
	if (parser->token.keyword == keyword)
		return true;
	if (text.length != strlen(word) || strncasecmp(text.text, word, text.length) != 0)
		return false;
	diagnostic_did_you_mean(diagnostics_error(parser->diagnostics, "E001", parser->token.span, "unexpected '%.*s'",
						  SHOWN(text)),
				word);
	return true;
}

void parser_strict_warning(struct parser *parser, struct span span, const char *what)
{
	if (parser->strict)
		diagnostics_warning(parser->diagnostics, "", span, "%s: an extension of this implementation", what);
}

static void skip_to_statement(struct parser *parser)
{
	while (!parser_is(parser, TOKEN_END) && !parser_at_statement(parser))
		parser_advance(parser);
}

/* A component's name in CONNECT and EXPOSE. False: reported, nothing consumed. */
static bool parse_reference(struct parser *parser, struct ct_slice *name, struct span *span)
{
	bool quoted = parser_is(parser, TOKEN_STRING) && !parser->token.damaged;

	if (quoted || (parser_is(parser, TOKEN_WORD) && !parser_at_statement(parser))) {
		if (quoted)
			diagnostic_hint(parser_expected(parser, "the name of a component"), "names have no quotes");
		*name = parser->token.text;
		*span = parser->token.span;
		parser_advance(parser);
		return true;
	}
	parser_expected(parser, "the name of a component");
	return false;
}

static struct connection *add_connection(struct composition *all, struct connection wanted)
{
	if (all->connection_count == all->connection_capacity) {
		all->connection_capacity = all->connection_capacity ? 2 * all->connection_capacity : 64;
		all->connections = ct_realloc_array(all->connections, all->connection_capacity, sizeof(wanted));
	}
	wanted.from = wanted.to = NO_COMPONENT;
	all->connections[all->connection_count] = wanted;
	return &all->connections[all->connection_count++];
}

/*
 * `a -> b -> c` and `a -> b, c`: one error that shows how to split them, and all the
 * pairs, so that what else is wrong with them is found in the same run.
 */
static void parse_more_pairs(struct parser *parser, struct connection pair)
{
	bool is_chain = parser_is(parser, TOKEN_ARROW);
	struct diagnostic *problem = diagnostics_error(parser->diagnostics, "E001", parser->token.span,
						       "CONNECT takes one pair of components");
	struct connection first = pair;
	bool hinted = false;
	int count = 0;

	while (parser_is(parser, TOKEN_ARROW) || parser_is(parser, TOKEN_COMMA)) {
		if (parser_is(parser, TOKEN_ARROW)) {
			pair.from_name = pair.to_name;
			pair.from_span = pair.to_span;
		}
		parser_advance(parser);
		if (!parse_reference(parser, &pair.to_name, &pair.to_span))
			break;
		if (!hinted)
			diagnostic_hint(problem, "split it: CONNECT %.*s -> %.*s and CONNECT %.*s -> %.*s",
					SHOWN(first.from_name), SHOWN(first.to_name),
					SHOWN(is_chain ? first.to_name : first.from_name), SHOWN(pair.to_name));
		hinted = true;
		if (count++ < PAIRS_MAX)
			add_connection(parser->composition, pair);
	}
}

/* CONNECT a -> [b, c] */
static void parse_list_of_targets(struct parser *parser, struct connection pair)
{
	struct diagnostic *problem = parser_expected(parser, "the name of a component");

	diagnostic_hint(problem, "write a CONNECT for each: CONNECT %.*s -> ...", SHOWN(pair.from_name));
	parser_advance(parser);
	while (parser_is(parser, TOKEN_WORD) && !parser_at_statement(parser)) {
		pair.to_name = parser->token.text;
		pair.to_span = parser->token.span;
		add_connection(parser->composition, pair);
		parser_advance(parser);
		if (parser_is(parser, TOKEN_COMMA))
			parser_advance(parser);
	}
	if (parser_is(parser, TOKEN_RIGHT_BRACKET))
		parser_advance(parser);
}

static void parse_connect(struct parser *parser, struct span keyword)
{
	struct connection pair = { .span = keyword };

	if (!parse_reference(parser, &pair.from_name, &pair.from_span)) {
		skip_to_statement(parser);
		return;
	}
	if (!parser_is(parser, TOKEN_ARROW)) {
		diagnostic_hint(parser_expected(parser, "'->'"), "CONNECT %.*s -> dependency", SHOWN(pair.from_name));
		skip_to_statement(parser);
		return;
	}
	parser_advance(parser);
	if (parser_is(parser, TOKEN_LEFT_BRACKET)) {
		parse_list_of_targets(parser, pair);
		return;
	}
	if (!parse_reference(parser, &pair.to_name, &pair.to_span)) {
		skip_to_statement(parser);
		return;
	}
	add_connection(parser->composition, pair);
	if (parser_is(parser, TOKEN_ARROW) || parser_is(parser, TOKEN_COMMA))
		parse_more_pairs(parser, pair);
}

static void add_exposure(struct parser *parser, struct exposure wanted)
{
	struct composition *all = parser->composition;

	if (all->exposure_count == EXPOSURES_MAX) {
		if (!parser->too_many_exposures)
			diagnostics_error(parser->diagnostics, "E020", wanted.span, "more than %d EXPOSE",
					  EXPOSURES_MAX);
		parser->too_many_exposures = true;
		return;
	}
	if (all->exposure_count == all->exposure_capacity) {
		all->exposure_capacity = all->exposure_capacity ? 2 * all->exposure_capacity : 16;
		all->exposures = ct_realloc_array(all->exposures, all->exposure_capacity, sizeof(wanted));
	}
	wanted.component = NO_COMPONENT;
	all->exposures[all->exposure_count++] = wanted;
}

static bool parse_port_number(struct parser *parser, struct value *value)
{
	if (!parser_is(parser, TOKEN_INTEGER)) {
		diagnostic_hint(parser_expected(parser, "a port"), "EXPOSE 8080 or EXPOSE 80:8080");
		return false;
	}
	return parse_value(parser, value, 0);
}

static void parse_expose(struct parser *parser, struct span keyword)
{
	struct exposure wanted = { .span = keyword };

	if (parser_is(parser, TOKEN_STRING)) {
		wanted.is_text = true;
		parser_strict_warning(parser, parser->token.span, "EXPOSE with a string");
		parse_value(parser, &wanted.host, 0);
	} else {
		if (!parse_port_number(parser, &wanted.host)) {
			skip_to_statement(parser);
			return;
		}
		wanted.has_container = parser_is(parser, TOKEN_COLON);
		if (wanted.has_container) {
			parser_advance(parser);
			if (!parse_port_number(parser, &wanted.container)) {
				skip_to_statement(parser);
				return;
			}
		}
	}
	if (parser_at_word(parser, KEYWORD_FROM, "FROM")) {
		parser_strict_warning(parser, parser->token.span, "EXPOSE ... FROM");
		parser_advance(parser);
		wanted.has_component = parse_reference(parser, &wanted.component_name, &wanted.component_span);
		if (!wanted.has_component) {
			skip_to_statement(parser);
			return;
		}
	}
	add_exposure(parser, wanted);
}

/* Of a URL what is in front of its query, fragment or pin. */
static struct ct_slice plain_path(struct ct_slice path)
{
	if (path.length == 0 || !memmem(path.text, path.length, "://", 3))
		return path;
	for (size_t i = 0; i < path.length; i++) {
		if (strchr("?#@", path.text[i]))
			return (struct ct_slice){ path.text, i };
	}
	return path;
}

/* The last part of a path or URL, without ".ctst". */
static struct ct_slice stem_of(struct ct_slice path)
{
	const char *slash;

	path = plain_path(path);
	slash = path.length ? memrchr(path.text, '/', path.length) : NULL;
	if (slash)
		path = (struct ct_slice){ slash + 1, (size_t)(path.text + path.length - slash) - 1 };
	if (path.length > 5 && memcmp(path.text + path.length - 5, ".ctst", 5) == 0)
		path.length -= 5;
	return path;
}

static void add_import(struct composition *all, const struct import *wanted)
{
	if (all->import_count == all->import_capacity) {
		all->import_capacity = all->import_capacity ? 2 * all->import_capacity : 8;
		all->imports = ct_realloc_array(all->imports, all->import_capacity, sizeof(*wanted));
	}
	all->imports[all->import_count++] = *wanted;
}

static void parse_alias(struct parser *parser, struct import *wanted)
{
	parser_advance(parser);
	if (parser_is(parser, TOKEN_STRING)) {
		diagnostic_hint(parser_expected(parser, "a name for the imported file"), "names have no quotes");
	} else if (!parser_is(parser, TOKEN_WORD) || parser_at_statement(parser)) {
		parser_expected(parser, "a name for the imported file");
		return;
	}
	if (parser->token.keyword != KEYWORD_NONE)
		diagnostics_error(parser->diagnostics, "E001", parser->token.span,
				  "'%.*s' is a reserved word and cannot be an alias", SHOWN(parser->token.text));
	wanted->alias = parser->token.text;
	wanted->alias_span = parser->token.span;
	parser_advance(parser);
}

static void parse_import(struct parser *parser)
{
	struct import wanted = { .path_span = parser->token.span };

	if (!parser_is(parser, TOKEN_STRING)) {
		diagnostic_hint(parser_expected(parser, "the path of a file"), "IMPORT \"path.ctst\" AS name");
		skip_to_statement(parser);
		return;
	}
	wanted.path = parser->token.text;
	wanted.stem = stem_of(wanted.path);
	wanted.damaged = parser->token.damaged;
	parser_advance(parser);
	if (parser_at_word(parser, KEYWORD_AS, "AS"))
		parse_alias(parser, &wanted);
	add_import(parser->composition, &wanted);
}

/* The statement that a misspelt or otherwise written word at its place is probably meant to be. */
static enum keyword guess_statement(struct parser *parser, struct diagnostic *problem)
{
	static const char *const words[] = { "COMPONENT", "CONNECT", "EXPOSE", "IMPORT" };
	static const enum keyword keywords[] = { KEYWORD_COMPONENT, KEYWORD_CONNECT, KEYWORD_EXPOSE, KEYWORD_IMPORT };
	const char *closest = suggest_word(parser->token.text, words, 4);

	diagnostic_did_you_mean(problem, closest);
	for (size_t i = 0; closest && i < 4; i++) {
		if (closest == words[i])
			return keywords[i];
	}
	return KEYWORD_NONE;
}

static enum keyword unexpected_statement(struct parser *parser)
{
	struct diagnostic *problem = parser_expected(parser, "COMPONENT, CONNECT, EXPOSE or IMPORT");
	uint8_t keyword = parser->token.keyword;

	if (!parser_is(parser, TOKEN_WORD)) {
		if (parser_is(parser, TOKEN_RIGHT_BRACE))
			diagnostic_hint(problem, "there is no '{' that this closes");
		return KEYWORD_NONE;
	}
	if (keyword == KEYWORD_HEALTHCHECK || keyword == KEYWORD_RESTART || keyword == KEYWORD_NETWORK)
		diagnostic_hint(problem, "this is a property in small letters inside a COMPONENT");
	else if (keyword == KEYWORD_SECRET)
		diagnostic_hint(problem, "secrets are named in env values: \"${secret.name}\"");
	else if (keyword == KEYWORD_NONE)
		return guess_statement(parser, problem);
	return KEYWORD_NONE;
}

static void parse_statement(struct parser *parser)
{
	struct span span = parser->token.span;
	enum keyword keyword = parser->token.keyword;

	if (!parser_is(parser, TOKEN_WORD) || !is_statement_keyword((uint8_t)keyword))
		keyword = unexpected_statement(parser);
	parser_advance(parser);
	switch (keyword) {
	case KEYWORD_COMPONENT:
		parse_component(parser, span);
		break;
	case KEYWORD_CONNECT:
		parse_connect(parser, span);
		break;
	case KEYWORD_EXPOSE:
		parse_expose(parser, span);
		break;
	case KEYWORD_IMPORT:
		parse_import(parser);
		break;
	default:
		skip_to_statement(parser);
	}
}

void parse_source(const struct source *source, struct ct_arena *arena, struct diagnostics *diagnostics, bool strict,
		  struct composition *composition)
{
	struct parser parser = {
		.source = source,
		.arena = arena,
		.diagnostics = diagnostics,
		.strict = strict,
		.composition = composition,
	};

	*composition = (struct composition){ .source = source, .sources = diagnostics->sources };
	ct_names_expect(&composition->names, source->length / BYTES_PER_COMPONENT);
	lexer_start(&parser.lexer, source, arena, diagnostics);
	parser_advance(&parser);
	while (!parser_is(&parser, TOKEN_END))
		parse_statement(&parser);
}
