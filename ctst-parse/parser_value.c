#include <string.h>

#include "ctst-parse/parser_internal.h"

/* Maps with more members look a key up in a table of names. */
#define FEW_MEMBERS 16

struct entries {
	struct entry *first;
	struct entry *last;
	uint32_t count;
	struct span span;     /* of the opening bracket */
	struct ct_names keys; /* to their lines, once there are more than FEW_MEMBERS */
	bool damaged;
};

static struct entry *append(struct parser *parser, struct entries *entries, const struct value *value)
{
	struct entry *entry;

	/* A list in a list: what is wrong with the inner one is what is wrong with the outer one. */
	entries->damaged |= value->damaged && (value->kind == VALUE_LIST || value->kind == VALUE_MAP);
	if (entries->count == LIST_MAX_ITEMS) {
		if (!entries->damaged)
			diagnostics_error(parser->diagnostics, "E020", value->span, "more than %d entries",
					  LIST_MAX_ITEMS);
		entries->damaged = true;
		return NULL;
	}
	entry = ct_arena_alloc(parser->arena, sizeof(*entry));
	*entry = (struct entry){ .value = *value };
	if (entries->last)
		entries->last->next = entry;
	else
		entries->first = entry;
	entries->last = entry;
	entries->count++;
	return entry;
}

static void unclosed(struct parser *parser, struct entries *entries, char bracket)
{
	struct diagnostic *problem = diagnostics_error(parser->diagnostics, "E001", entries->span,
						       bracket == ']' ? "this list is not closed"
								      : "this map is not closed");

	entries->damaged = true;
	if (parser_is(parser, TOKEN_END))
		diagnostic_hint(problem, "its '%c' is missing at the end of the file", bracket);
	else if (parser->token.span.line == entries->span.line)
		diagnostic_hint(problem, "its '%c' is missing", bracket);
	else
		diagnostic_hint(problem, "its '%c' is missing before line %u", bracket, parser->token.span.line);
}

static bool starts_value(const struct parser *parser)
{
	const struct token *token = &parser->token;

	return token->kind == TOKEN_STRING || token->kind == TOKEN_INTEGER || token->kind == TOKEN_LEFT_BRACKET ||
	       token->kind == TOKEN_LEFT_BRACE || token->keyword == KEYWORD_TRUE || token->keyword == KEYWORD_FALSE;
}

/* Behind an item: its comma, or a warning when the next item follows without one. */
static void list_separator(struct parser *parser)
{
	if (parser_is(parser, TOKEN_COMMA))
		parser_advance(parser);
	else if (starts_value(parser))
		diagnostic_hint(diagnostics_warning(parser->diagnostics, "E001", parser->token.span,
						    "missing ',' between the items of a list"),
				"put one in front of this item");
}

/* From a token that begins no value to behind the next comma, or to where the list may go on. */
static void skip_item(struct parser *parser)
{
	do
		parser_advance(parser);
	while (!parser_is(parser, TOKEN_COMMA) && !parser_is(parser, TOKEN_RIGHT_BRACKET) &&
	       !parser_is(parser, TOKEN_RIGHT_BRACE) && !parser->token.first_on_line);
	if (parser_is(parser, TOKEN_COMMA))
		parser_advance(parser);
}

static void parse_list(struct parser *parser, struct entries *entries, int depth)
{
	struct value value;

	parser_advance(parser);
	for (;;) {
		if (parser_is(parser, TOKEN_RIGHT_BRACKET)) {
			parser_advance(parser);
			return;
		}
		if (parser_is(parser, TOKEN_END) || parser_is(parser, TOKEN_RIGHT_BRACE) ||
		    parser_at_statement(parser) || parser_at_property(parser)) {
			unclosed(parser, entries, ']');
			return;
		}
		if (parser_is(parser, TOKEN_COMMA)) {
			diagnostic_hint(parser_expected(parser, "an item of the list"),
					"one comma stands between two items");
			entries->damaged = true;
			parser_advance(parser);
		} else if (parse_value(parser, &value, depth + 1)) {
			append(parser, entries, &value);
			list_separator(parser);
		} else {
			entries->damaged = true;
			skip_item(parser);
		}
	}
}

/* The line in which the key was set, or 0. */
static uint32_t line_of_key(const struct entries *entries, struct ct_slice key)
{
	if (entries->keys.count > 0) {
		uint32_t line = ct_names_find(&entries->keys, key);

		return line == CT_NAME_UNKNOWN ? 0 : line;
	}
	for (struct entry *entry = entries->first; entry; entry = entry->next) {
		if (entry->key_length == key.length && memcmp(entry->key, key.text, key.length) == 0)
			return entry->key_span.line;
	}
	return 0;
}

static void remember_key(struct entries *entries, const struct entry *member)
{
	if (entries->count <= FEW_MEMBERS)
		return;
	if (entries->keys.count > 0) {
		ct_names_add(&entries->keys, entry_key(member), member->key_span.line, NULL);
		return;
	}
	for (struct entry *entry = entries->first; entry; entry = entry->next)
		ct_names_add(&entries->keys, entry_key(entry), entry->key_span.line, NULL);
}

static void add_member(struct parser *parser, struct entries *entries, const struct token *key,
		       const struct value *value)
{
	uint32_t before = line_of_key(entries, key->text);
	struct entry *entry;

	if (before > 0) {
		diagnostic_hint(diagnostics_error(parser->diagnostics, "E018", key->span, "key '%.*s' is set twice",
						  SHOWN(key->text)),
				"first set in line %u", before);
		return;
	}
	entry = append(parser, entries, value);
	if (!entry)
		return;
	entry->key = key->text.text;
	entry->key_length = (uint32_t)key->text.length;
	entry->key_span = key->span;
	entry->key_quoted = key->kind == TOKEN_STRING;
	if (entry->key_quoted)
		parser_strict_warning(parser, key->span, "a quoted key");
	remember_key(entries, entry);
}

static void skip_member(struct parser *parser)
{
	while (!parser_is(parser, TOKEN_END) && !parser_is(parser, TOKEN_RIGHT_BRACE) && !parser->token.first_on_line)
		parser_advance(parser);
}

static void parse_member(struct parser *parser, struct entries *entries, int depth)
{
	struct token key = parser->token;
	struct value value;

	parser_advance(parser);
	if (parser_is(parser, TOKEN_EQUALS)) {
		parser_advance(parser);
	} else {
		bool is_meant = parser_is(parser, TOKEN_COLON) || parser_is(parser, TOKEN_STRING);

		diagnostic_hint(parser_expected(parser, "'='"), "%.*s = value", SHOWN(key.text));
		if (parser_is(parser, TOKEN_COLON))
			parser_advance(parser);
		if (!is_meant) {
			entries->damaged = true;
			skip_member(parser);
			return;
		}
	}
	if (parse_value(parser, &value, depth + 1)) {
		add_member(parser, entries, &key, &value);
	} else {
		entries->damaged = true;
		skip_member(parser);
	}
	if (parser_is(parser, TOKEN_COMMA))
		parser_advance(parser);
}

static void parse_map(struct parser *parser, struct entries *entries, int depth)
{
	parser_advance(parser);
	for (;;) {
		if (parser_is(parser, TOKEN_RIGHT_BRACE)) {
			parser_advance(parser);
			break;
		}
		if (parser_is(parser, TOKEN_END) || parser_is(parser, TOKEN_RIGHT_BRACKET) ||
		    parser_at_statement(parser)) {
			unclosed(parser, entries, '}');
			if (parser_is(parser, TOKEN_RIGHT_BRACKET))
				parser_advance(parser);
			break;
		}
		if (parser_is(parser, TOKEN_WORD) || parser_is(parser, TOKEN_STRING)) {
			parse_member(parser, entries, depth);
		} else {
			diagnostic_hint(parser_expected(parser, "a key or '}'"),
					parser_is(parser, TOKEN_COMMA) ? "one comma may stand behind a member"
								       : "key = value");
			entries->damaged = true;
			parser_advance(parser);
			if (!parser_is(parser, TOKEN_WORD))
				skip_member(parser);
		}
	}
	ct_names_release(&entries->keys);
}

/* Over a list or map that is nested too deep, with everything in it. */
static void skip_nested(struct parser *parser)
{
	size_t depth = 0;

	do {
		if (parser_is(parser, TOKEN_LEFT_BRACE) || parser_is(parser, TOKEN_LEFT_BRACKET))
			depth++;
		else if (parser_is(parser, TOKEN_RIGHT_BRACE) || parser_is(parser, TOKEN_RIGHT_BRACKET))
			depth--;
		parser_advance(parser);
	} while (depth > 0 && !parser_is(parser, TOKEN_END) && !parser_at_statement(parser) &&
		 !parser_at_property(parser));
}

static void parse_compound(struct parser *parser, struct value *value, int depth)
{
	struct entries entries = { .span = parser->token.span };

	value->kind = parser_is(parser, TOKEN_LEFT_BRACE) ? VALUE_MAP : VALUE_LIST;
	if (depth >= VALUE_MAX_DEPTH) {
		diagnostics_error(parser->diagnostics, "E001", parser->token.span, "values do not nest this deep");
		value->damaged = true;
		skip_nested(parser);
		return;
	}
	if (value->kind == VALUE_MAP)
		parse_map(parser, &entries, depth);
	else
		parse_list(parser, &entries, depth);
	value->first = entries.first;
	value->length = entries.count;
	value->damaged = entries.damaged;
}

/* What stands at the token up to the next space or bracket: file:///x is one word to whoever wrote it. */
static struct ct_slice whole_word(const struct parser *parser)
{
	const char *begin = source_bytes(parser->source, parser->token.span.offset);

	return (struct ct_slice){ begin, strcspn(begin, " \t\r\n,[]{}\"") };
}

/* A word where a value is needed: a string without its quotes, mostly. */
static bool bare_word(struct parser *parser, struct value *value)
{
	struct ct_slice word = parser->token.text;
	struct diagnostic *problem;

	if (parser_at_property(parser) || parser_at_statement(parser)) {
		diagnostic_hint(parser_expected(parser, "a value"), "the value is missing");
		return false;
	}
	problem = parser_expected(parser, "a value");
	if (word.length == 4 && strncasecmp(word.text, "true", 4) == 0)
		diagnostic_did_you_mean(problem, "true");
	else if (word.length == 5 && strncasecmp(word.text, "false", 5) == 0)
		diagnostic_did_you_mean(problem, "false");
	else
		diagnostic_hint(problem, "strings have quotes: \"%.*s\"", SHOWN(whole_word(parser)));
	value->kind = VALUE_STRING;
	value->damaged = true;
	parser_advance(parser);
	/* file:///x, a.b, 10:20 */
	while (!parser->token.first_on_line && !parser_is(parser, TOKEN_COMMA) &&
	       !parser_is(parser, TOKEN_RIGHT_BRACE) && !parser_is(parser, TOKEN_RIGHT_BRACKET))
		parser_advance(parser);
	return true;
}

bool parse_value(struct parser *parser, struct value *value, int depth)
{
	const struct token *token = &parser->token;

	*value = (struct value){ .span = token->span, .damaged = token->damaged };
	switch (token->kind) {
	case TOKEN_STRING:
		value->kind = VALUE_STRING;
		value->text = token->text.text;
		value->length = (uint32_t)token->text.length;
		value->has_template = token->has_template;
		parser_advance(parser);
		return true;
	case TOKEN_INTEGER:
		value->kind = VALUE_INTEGER;
		value->integer = token->integer;
		parser_advance(parser);
		return true;
	case TOKEN_LEFT_BRACE:
	case TOKEN_LEFT_BRACKET:
		parse_compound(parser, value, depth);
		return true;
	case TOKEN_WORD:
		if (token->keyword != KEYWORD_TRUE && token->keyword != KEYWORD_FALSE)
			return bare_word(parser, value);
		value->kind = VALUE_BOOLEAN;
		value->boolean = token->keyword == KEYWORD_TRUE;
		parser_advance(parser);
		return true;
	default:
		parser_expected(parser, "a value");
		return false;
	}
}
