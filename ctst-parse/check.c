#include "ctst-parse/check.h"

#include <stdlib.h>

#include "ctst-parse/compile.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/values.h"

#define HOSTNAME_MAX 63

void check_extension(struct checker *checker, struct span span, const char *what)
{
	if (checker->options->strict)
		diagnostics_warning(checker->diagnostics, "", span, "%s: an extension of this implementation", what);
}

void check_undefined(struct checker *checker, struct ct_slice name, struct span span)
{
	struct diagnostic *problem = diagnostics_error(checker->diagnostics, "E002", span, "undefined component '%.*s'",
						       SHOWN(name));
	char *suggestion = problem ? composition_suggest(checker->composition, name) : NULL;

	diagnostic_did_you_mean(problem, suggestion);
	free(suggestion);
}

static const char *kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[VALUE_STRING] = "a string", [VALUE_INTEGER] = "an integer", [VALUE_BOOLEAN] = "a boolean",
		[VALUE_LIST] = "a list",     [VALUE_MAP] = "a map",
	};

	return names[kind];
}

/* The value as it should have been written, where that is easy to say. */
static void hint_at_kind(struct diagnostic *problem, const struct value *value, enum value_kind kind)
{
	struct ct_slice text = value->kind == VALUE_STRING ? value_text(value) : (struct ct_slice){ "", 0 };

	if (kind == VALUE_STRING && value->kind == VALUE_INTEGER)
		diagnostic_hint(problem, "write \"%lld\"", (long long)value->integer);
	else if (kind == VALUE_STRING && value->kind == VALUE_BOOLEAN)
		diagnostic_hint(problem, "write \"%s\"", value->boolean ? "true" : "false");
	else if (kind == VALUE_INTEGER && text.length > 0 && text.text[0] >= '0' && text.text[0] <= '9')
		diagnostic_hint(problem, "integers have no quotes");
	else if (kind == VALUE_BOOLEAN)
		diagnostic_hint(problem, "write true or false, without quotes");
	else if (kind == VALUE_LIST && value->kind == VALUE_INTEGER)
		diagnostic_hint(problem, "write [%lld]", (long long)value->integer);
	else if (kind == VALUE_MAP)
		diagnostic_hint(problem, "a map is written { key = value }");
}

bool check_kind(struct checker *checker, const struct value *value, enum value_kind kind, const char *name)
{
	struct diagnostic *problem;

	if (value->damaged)
		return false;
	if (value->kind == kind)
		return true;
	problem = check_error(checker, value->span, "'%s' must be %s, not %s", name, kind_name(kind),
			      kind_name(value->kind));
	hint_at_kind(problem, value, kind);
	return false;
}

static void check_exclusive(struct checker *checker, enum property_id one, enum property_id other)
{
	const struct component *component = checker->component;
	uint32_t both = 1U << one | 1U << other;
	const struct entry *first, *second;

	if ((component->present & both) != both)
		return;
	first = component_property(component, one);
	second = component_property(component, other);
	if (first->key_span.offset > second->key_span.offset) {
		const struct entry *swapped = first;

		first = second;
		second = swapped;
	}
	diagnostic_hint_place(diagnostics_error(checker->diagnostics, "E012", second->key_span,
						"'%.*s' and '%.*s' exclude each other", SHOWN(entry_key(first)),
						SHOWN(entry_key(second))),
			      checker->diagnostics, first->key_span, "'%.*s' is set in", SHOWN(entry_key(first)));
}

/* The name is also the host name, unless another one is set, and a host name has a bound. */
static void check_name(struct checker *checker)
{
	const struct component *component = checker->component;

	if (component->name.length > HOSTNAME_MAX && !(component->present & 1U << PROPERTY_HOSTNAME))
		diagnostic_hint(
			check_error(checker, component->span,
				    "the name of a component has at most %d characters, because it is its host name",
				    HOSTNAME_MAX),
			"shorten it, or set 'hostname'");
}

static void check_property(struct checker *checker, const struct entry *entry)
{
	if (!entry->value.damaged)
		property_of(entry->property)->check(checker, entry);
	else if (entry->property == PROPERTY_PORT || entry->property == PROPERTY_PORTS)
		checker->ports_unknown = true;
}

/* What stands in its own body. */
static void check_own(struct checker *checker, struct component *component)
{
	checker->component = component;
	if (component->damaged) {
		checker->ports_unknown = true;
		return;
	}
	for (const struct entry *entry = component->properties; entry; entry = entry->next) {
		if (entry->inherited)
			continue;
		if (property_of(entry->property)->is_extension)
			check_extension(checker, entry->key_span, "this property");
		check_property(checker, entry);
	}
	check_exclusive(checker, PROPERTY_PORT, PROPERTY_PORTS);
	check_exclusive(checker, PROPERTY_VOLUME, PROPERTY_VOLUMES);
}

/*
 * What it has inherited, once more: only here is it known whom a ${name.host} means, and that the value is really
 * going to be used. What has been said of the value itself is not said again.
 */
static void check_inherited(struct checker *checker, struct component *component)
{
	checker->component = component;
	checker->ports_unknown |= component->is_incomplete;
	if (!component->parent || component->damaged)
		return;
	checker->checks_inherited = true;
	checker->diagnostics->inheritor = component->name;
	for (const struct entry *entry = component->properties; entry; entry = entry->next) {
		if (entry->inherited || entry->property == PROPERTY_ENV)
			check_property(checker, entry);
	}
	checker->checks_inherited = false;
	checker->diagnostics->inheritor = (struct ct_slice){ NULL, 0 };
}

static void check_whole(struct checker *checker, struct component *component)
{
	checker->component = component;
	if (component->damaged)
		return;
	check_name(checker);
	if (!(component->present & 1U << PROPERTY_IMAGE) && !component->is_incomplete && !component->has_unknown &&
	    !component->is_template)
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E005", component->span,
						  "component '%.*s' has no image", SHOWN(component->name)),
				"add one, e.g. image = \"preset://busybox\"");
}

bool check_is_deployed(const struct checker *checker)
{
	return !checker->is_library && !checker->component->is_template;
}

/* E010: only where a file connects or exposes anything does a component on its own look forgotten. */
static void check_reachable(struct checker *checker)
{
	const struct composition *all = checker->composition;
	size_t deployed = 0;

	for (size_t i = 0; i < all->component_count; i++)
		deployed += !all->components[i].is_template;
	if (deployed < 2 || (all->connection_count == 0 && all->exposure_count == 0))
		return;
	for (size_t i = 0; i < all->component_count; i++) {
		const struct component *component = &all->components[i];

		if (component->is_used || component->is_template || component->damaged)
			continue;
		diagnostic_hint(
			diagnostics_warning(checker->diagnostics, "E010", component->span,
					    "component '%.*s' is not reachable: no CONNECT and no EXPOSE names it",
					    SHOWN(component->name)),
			"it is started all the same");
	}
}

static void check_library(struct compilation *compilation, struct composition *file)
{
	struct checker checker = {
		.composition = file,
		.arena = &compilation->arena,
		.diagnostics = &compilation->diagnostics,
		.options = compilation->options,
		.is_library = true,
	};

	for (size_t i = 0; i < file->component_count; i++)
		check_own(&checker, &file->components[i]);
}

void check_compilation(struct compilation *compilation)
{
	struct composition *all = &compilation->composition;
	struct checker checker = {
		.composition = all,
		.arena = &compilation->arena,
		.diagnostics = &compilation->diagnostics,
		.options = compilation->options,
	};

	for (size_t i = 0; i < compilation->imported_count; i++)
		check_library(compilation, compilation->imported[i]);
	for (size_t i = 0; i < all->component_count; i++)
		check_own(&checker, &all->components[i]);
	for (size_t i = 0; i < all->component_count; i++) {
		check_inherited(&checker, &all->components[i]);
		check_whole(&checker, &all->components[i]);
	}
	check_connections(&checker);
	check_exposures(&checker);
	/* A misspelt CONNECT makes its target look forgotten. */
	if (compilation->diagnostics.errors.total == 0)
		check_reachable(&checker);
}
