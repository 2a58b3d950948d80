#include <stdlib.h>
#include <string.h>

#include "ctst-parse/parser_internal.h"
#include "ctst-parse/properties.h"

/* NULL when there are too many; said once. */
static struct component *add_component(struct parser *parser, struct span span)
{
	struct composition *all = parser->composition;

	if (all->component_count == COMPONENTS_MAX) {
		if (!parser->too_many)
			diagnostics_error(parser->diagnostics, "E020", span, "more than %d components", COMPONENTS_MAX);
		parser->too_many = true;
		return NULL;
	}
	if (all->component_count == all->component_capacity) {
		all->component_capacity = all->component_capacity ? 2 * all->component_capacity : 32;
		all->components = ct_realloc_array(all->components, all->component_capacity, sizeof(*all->components));
	}
	all->components[all->component_count] = (struct component){ .span = span };
	return &all->components[all->component_count++];
}

static void name_component(struct parser *parser, struct component *component)
{
	const struct token *token = &parser->token;

	component->name = token->text;
	component->span = token->span;
	if (token->keyword != KEYWORD_NONE)
		diagnostics_error(parser->diagnostics, "E001", token->span,
				  "'%.*s' is a reserved word and cannot name a component", SHOWN(token->text));
	ct_names_prefetch(&parser->composition->names, token->text);
}

/* Once the body has been read: the table's memory has arrived by then. */
static void register_component(struct parser *parser, const struct component *component)
{
	uint32_t number = (uint32_t)(component - parser->composition->components);
	uint32_t before = number;

	if (component->name.length == 0)
		return;
	if (!ct_names_add(&parser->composition->names, component->name, number, &before))
		diagnostic_hint(diagnostics_error(parser->diagnostics, "E003", component->span,
						  "component '%.*s' is declared twice", SHOWN(component->name)),
				"first declared in line %u", parser->composition->components[before].span.line);
}

/* COMPONENT must be followed by a name. Without one the body is still read for its own mistakes. */
static void parse_name(struct parser *parser, struct component *component)
{
	bool is_missing = parser->token.keyword == KEYWORD_FROM && lexer_peek(&parser->lexer) == TOKEN_WORD;

	if (parser_is(parser, TOKEN_WORD) && !parser_at_statement(parser) && !is_missing) {
		name_component(parser, component);
		parser_advance(parser);
		return;
	}
	component->damaged = true;
	if (parser_is(parser, TOKEN_STRING)) {
		diagnostic_hint(parser_expected(parser, "a name for the component"), "names have no quotes");
		component->name = parser->token.text;
		component->span = parser->token.span;
		parser_advance(parser);
		return;
	}
	parser_expected(parser, "a name for the component");
	component->name = (struct ct_slice){ "", 0 };
	if (!is_missing && !parser_is(parser, TOKEN_LEFT_BRACE) && !parser_is(parser, TOKEN_END) &&
	    !parser_at_statement(parser))
		parser_advance(parser);
}

/* FROM name or FROM alias.name. Without a name the component is read as if something unknown stood there. */
static void parse_parent(struct parser *parser, struct component *component)
{
	struct parent *parent = ct_arena_zalloc(parser->arena, sizeof(*parent));

	component->parent = parent;
	parser_advance(parser);
	if (!parser_is(parser, TOKEN_WORD) || parser_at_statement(parser)) {
		struct diagnostic *problem = parser_expected(parser, "the name of the parent");

		if (parser_is(parser, TOKEN_STRING)) {
			diagnostic_hint(problem, "names have no quotes");
			parser_advance(parser);
		}
		return;
	}
	parent->name = parser->token.text;
	parent->name_span = parser->token.span;
	parser_advance(parser);
	if (!parser_is(parser, TOKEN_DOT))
		return;
	parser_advance(parser);
	parent->scope = parent->name;
	parent->scope_span = parent->name_span;
	parent->name = (struct ct_slice){ "", 0 };
	if (!parser_is(parser, TOKEN_WORD) || parser_at_statement(parser)) {
		parser_expected(parser, "the name of a component of the imported file");
		return;
	}
	parent->name = parser->token.text;
	parent->name_span = parser->token.span;
	parser_advance(parser);
}

/* To what may be the begin of the next property, or the end of the component. */
static void skip_property(struct parser *parser)
{
	int depth = 0;

	for (;; parser_advance(parser)) {
		if (parser_is(parser, TOKEN_END) || parser_at_statement(parser) || parser_at_property(parser))
			return;
		if (parser_is(parser, TOKEN_LEFT_BRACE) || parser_is(parser, TOKEN_LEFT_BRACKET))
			depth++;
		if (parser_is(parser, TOKEN_RIGHT_BRACE) || parser_is(parser, TOKEN_RIGHT_BRACKET)) {
			if (depth == 0 && parser_is(parser, TOKEN_RIGHT_BRACE))
				return;
			depth -= depth > 0;
		}
	}
}

static void unknown_property(struct parser *parser, const struct token *name, const struct component *component)
{
	struct diagnostic *problem = diagnostics_error(parser->diagnostics, "E001", name->span,
						       "unknown property '%.*s' of component '%.*s'", SHOWN(name->text),
						       SHOWN(component->name));
	const char *suggestion, *advice;

	if (!problem)
		return;
	suggestion = property_suggest(name->text);
	advice = property_advice(name->text);
	if (suggestion)
		diagnostic_did_you_mean(problem, suggestion);
	else if (advice)
		diagnostic_hint(problem, "%s", advice);
}

static void add_property(struct parser *parser, struct component *component, const struct token *name,
			 const struct value *value)
{
	enum property_id id = property_find(name->text);
	struct entry *entry;

	if (id == PROPERTY_UNKNOWN) {
		component->has_unknown = true;
		if (!name->damaged)
			unknown_property(parser, name, component);
		return;
	}
	if (component->present & 1U << id) {
		diagnostic_hint(diagnostics_error(parser->diagnostics, "E018", name->span,
						  "property '%.*s' of component '%.*s' is set twice", SHOWN(name->text),
						  SHOWN(component->name)),
				"first set in line %u", component_property(component, id)->key_span.line);
		return;
	}
	entry = ct_arena_alloc(parser->arena, sizeof(*entry));
	*entry = (struct entry){
		.key = name->text.text,
		.key_length = (uint32_t)name->text.length,
		.key_span = name->span,
		.property = (uint8_t)id,
		.value = *value,
	};
	component->present |= 1U << id;
	if (component->last)
		component->last->next = entry;
	else
		component->properties = entry;
	component->last = entry;
}

static void parse_property(struct parser *parser, struct component *component)
{
	struct token name = parser->token;
	struct value value;

	if (parser_is(parser, TOKEN_STRING))
		diagnostic_hint(parser_expected(parser, "a property"), "names of properties have no quotes");
	parser_advance(parser);
	if (parser_is(parser, TOKEN_EQUALS)) {
		parser_advance(parser);
	} else {
		bool is_meant = parser_is(parser, TOKEN_COLON) || parser_is(parser, TOKEN_LEFT_BRACE) ||
				parser_is(parser, TOKEN_LEFT_BRACKET) || parser_is(parser, TOKEN_STRING);
		struct diagnostic *problem = parser_expected(parser, "'='");

		diagnostic_hint(problem, "%.*s = value", SHOWN(name.text));
		if (!is_meant) {
			skip_property(parser);
			return;
		}
		if (parser_is(parser, TOKEN_COLON))
			parser_advance(parser);
	}
	if (!parse_value(parser, &value, 0)) {
		/* Kept all the same: the property is there, only its value is not. */
		value.damaged = true;
		add_property(parser, component, &name, &value);
		skip_property(parser);
		return;
	}
	add_property(parser, component, &name, &value);
	if (parser_is(parser, TOKEN_COMMA))
		parser_advance(parser);
}

static void report_unclosed(struct parser *parser, struct component *component, struct span opening)
{
	struct diagnostic *problem = diagnostics_error(parser->diagnostics, "E001", opening,
						       "component '%.*s' is not closed", SHOWN(component->name));

	component->damaged = true;
	if (parser_is(parser, TOKEN_END))
		diagnostic_hint(problem, "its '}' is missing at the end of the file");
	else
		diagnostic_hint(problem, "its '}' is missing before line %u", parser->token.span.line);
}

static void parse_body(struct parser *parser, struct component *component, struct span opening)
{
	for (;;) {
		if (parser_is(parser, TOKEN_RIGHT_BRACE)) {
			parser_advance(parser);
			return;
		}
		if (parser_is(parser, TOKEN_END) || parser_at_statement(parser)) {
			report_unclosed(parser, component, opening);
			return;
		}
		if (parser_is(parser, TOKEN_COMMA)) {
			diagnostic_hint(parser_expected(parser, "a property"), "one comma may stand behind a property");
			parser_advance(parser);
		} else if (parser_is(parser, TOKEN_WORD) || parser_is(parser, TOKEN_STRING)) {
			parse_property(parser, component);
		} else {
			parser_expected(parser, "a property or '}'");
			parser_advance(parser);
			skip_property(parser);
		}
	}
}

/* Behind the name. */
static void parse_rest(struct parser *parser, struct component *component)
{
	struct span opening;

	if (parser_at_word(parser, KEYWORD_FROM, "FROM"))
		parse_parent(parser, component);
	opening = parser->token.span;
	if (parser_is(parser, TOKEN_LEFT_BRACE)) {
		parser_advance(parser);
	} else {
		bool has_body = parser_at_property(parser);

		component->damaged = true;
		diagnostic_hint(parser_expected(parser, "'{'"), "COMPONENT name { ... }");
		if (!has_body) {
			while (!parser_is(parser, TOKEN_END) && !parser_at_statement(parser))
				parser_advance(parser);
			return;
		}
	}
	parse_body(parser, component, opening);
}

void parse_component(struct parser *parser, struct span keyword)
{
	struct component surplus = { .span = keyword };
	struct component *component = add_component(parser, keyword);

	if (component) {
		parse_name(parser, component);
		parse_rest(parser, component);
		register_component(parser, component);
	} else {
		if (parser_is(parser, TOKEN_WORD))
			parser_advance(parser);
		parse_rest(parser, &surplus);
	}
}
