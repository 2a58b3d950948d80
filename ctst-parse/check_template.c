#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "ctst-parse/check.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/lexer.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/suggestion.h"

/* The string that is looked at, and how far. */
struct scan {
	struct checker *checker;
	const char *text;
	struct string_cursor cursor;
	bool secrets_allowed;
};

static struct scan scan_start(struct checker *checker, const struct value *value)
{
	return (struct scan){
		.checker = checker,
		.text = value->text,
		.cursor = string_cursor_start(composition_source(checker->composition, value->span), value->span),
	};
}

/* The place of a part of the template in the source. Parts come in their order. */
static struct span part_span(struct scan *scan, struct ct_slice part)
{
	return string_cursor_span(&scan->cursor, (size_t)(part.text - scan->text), part.length);
}

static bool has_port(const struct component *component)
{
	const struct entry *ports = component_property(component, PROPERTY_PORTS);

	if (component->present & 1U << PROPERTY_PORT)
		return true;
	return ports && (ports->value.damaged || ports->value.kind != VALUE_LIST || ports->value.length > 0);
}

static void unknown_component(struct checker *checker, struct span span, struct ct_slice name)
{
	struct diagnostic *problem = diagnostics_error(checker->diagnostics, "E017", span,
						       "undefined component '%.*s' in '${...}'", SHOWN(name));
	char *suggestion = problem ? composition_suggest(checker->composition, name) : NULL;

	if (!suggestion && name.length == 3 && strncasecmp(name.text, "env", 3) == 0)
		diagnostic_did_you_mean(problem, "env");
	if (!suggestion && name.length == 6 && strncasecmp(name.text, "secret", 6) == 0)
		diagnostic_did_you_mean(problem, "secret");
	diagnostic_did_you_mean(problem, suggestion);
	free(suggestion);
}

static const char *field_hint(struct ct_slice field)
{
	static const char *const fields[] = { "host", "port", "connection_string" };
	static const char *const hints[] = { "did you mean 'host'?", "did you mean 'port'?",
					     "did you mean 'connection_string'?" };
	const char *closest = suggest_word(field, fields, 3);

	for (size_t i = 0; i < 3; i++) {
		if (closest == fields[i])
			return hints[i];
	}
	return "the fields are host, port and connection_string";
}

static bool check_component_part(struct scan *scan, const struct ct_template_part *part)
{
	struct checker *checker = scan->checker;
	struct composition *all = checker->composition;
	uint32_t number = ct_names_find(&all->names, part->name);
	bool needs_port = ct_slice_is(part->field, "port") || ct_slice_is(part->field, "connection_string");
	struct component *component;

	if (number == CT_NAME_UNKNOWN && !checker->is_library) {
		unknown_component(checker, part_span(scan, part->name), part->name);
		return false;
	}
	if (!needs_port && !ct_slice_is(part->field, "host")) {
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E017", part_span(scan, part->field),
						  "a component has no field '%.*s'", SHOWN(part->field)),
				"%s", field_hint(part->field));
		return false;
	}
	if (checker->is_library)
		return true;
	component = &all->components[number];
	component->is_used = true;
	checker->component->is_used = true;
	if (component->is_template) {
		diagnostics_error(checker->diagnostics, "E017", part_span(scan, part->name),
				  "component '%.*s' is a template and is not deployed", SHOWN(part->name));
		return false;
	}
	if (needs_port && !has_port(component) && !component->is_incomplete && !component->damaged) {
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E017", part_span(scan, part->source),
						  "component '%.*s' has no port", SHOWN(part->name)),
				"set 'port' in component '%.*s'", SHOWN(part->name));
		return false;
	}
	return true;
}

static bool check_env_part(struct scan *scan, const struct ct_template_part *part)
{
	struct checker *checker = scan->checker;
	ct_autofree char *name = NULL;

	if (part->has_fallback) {
		check_extension(checker, part_span(scan, part->source), "a default value in '${env...}'");
		return true;
	}
	if (!checker->options->strict_env || !check_is_deployed(checker))
		return true;
	name = ct_strndup(part->name.text, part->name.length);
	if (getenv(name))
		return true;
	diagnostic_hint(diagnostics_error(checker->diagnostics, "E017", part_span(scan, part->source),
					  "the environment variable '%s' is not set, and --strict-env is given", name),
			"set it, or give a default: ${env.%s:-default}", name);
	return false;
}

static bool check_part(struct scan *scan, const struct ct_template_part *part)
{
	struct checker *checker = scan->checker;

	switch (part->kind) {
	case CT_TEMPLATE_COMPONENT:
		return check_component_part(scan, part);
	case CT_TEMPLATE_SECRET:
		if (scan->secrets_allowed)
			return true;
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E017", part_span(scan, part->source),
						  "a secret may only be used in env values"),
				"put it into env and read it from there");
		return false;
	case CT_TEMPLATE_ENV:
		return check_env_part(scan, part);
	case CT_TEMPLATE_BROKEN:
		diagnostics_error(checker->diagnostics, "E017", part_span(scan, part->source), "%s", part->problem);
		return false;
	default:
		if (part->source.length == 3 && memcmp(part->source.text, "$${", 3) == 0)
			check_extension(checker, part_span(scan, part->source), "'$${'");
		return true;
	}
}

bool check_template(struct checker *checker, const struct value *value, bool secrets_allowed)
{
	struct ct_template template = ct_template_start(value->text, value->length);
	struct scan scan = scan_start(checker, value);
	bool fine = true;

	scan.secrets_allowed = secrets_allowed;

	for (;;) {
		struct ct_template_part part = ct_template_next(&template);

		if (part.kind == CT_TEMPLATE_END)
			return fine;
		fine &= check_part(&scan, &part);
		if (part.kind == CT_TEMPLATE_BROKEN)
			return false;
	}
}

bool check_no_template(struct checker *checker, const struct value *value, const char *name)
{
	struct scan scan;
	const char *begin;

	if (!value->has_template)
		return true;
	scan = scan_start(checker, value);
	begin = memmem(value->text, value->length, "${", 2);
	diagnostics_error(checker->diagnostics, "E017", part_span(&scan, (struct ct_slice){ begin, 2 }),
			  "'${...}' is not allowed in '%s'", name);
	return false;
}
