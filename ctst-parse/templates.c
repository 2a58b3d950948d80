#include "ctst-parse/templates.h"

#include "ctst-parse/compile.h"
#include "ctst-parse/properties.h"

static void mark(struct composition *all, struct ct_slice name)
{
	uint32_t number;

	if (ct_names_get(&all->names, name, &number))
		all->components[number].is_used = true;
}

static void mark_in_text(struct composition *all, const struct value *value)
{
	struct ct_template template = ct_template_start(value->text, value->length);
	struct ct_template_part part;

	do {
		part = ct_template_next(&template);
		if (part.kind == CT_TEMPLATE_COMPONENT)
			mark(all, part.name);
	} while (part.kind != CT_TEMPLATE_END && part.kind != CT_TEMPLATE_BROKEN);
}

static void mark_in_list(struct composition *all, const struct value *list)
{
	for (const struct entry *item = list->first; item; item = item->next) {
		if (item->value.kind == VALUE_STRING && item->value.has_template)
			mark_in_text(all, &item->value);
	}
}

/* A list in a map is the deepest there is. */
static void mark_in_value(struct composition *all, const struct value *value)
{
	if (value->kind == VALUE_STRING && value->has_template)
		mark_in_text(all, value);
	if (value->kind != VALUE_LIST && value->kind != VALUE_MAP)
		return;
	mark_in_list(all, value);
	for (const struct entry *entry = value->first; entry; entry = entry->next) {
		if (entry->value.kind == VALUE_LIST)
			mark_in_list(all, &entry->value);
	}
}

/* Whoever is named is wanted for itself. */
static void mark_named(struct composition *all)
{
	for (size_t i = 0; i < all->connection_count; i++) {
		mark(all, all->connections[i].from_name);
		mark(all, all->connections[i].to_name);
	}
	for (size_t i = 0; i < all->exposure_count; i++) {
		if (all->exposures[i].has_component)
			mark(all, all->exposures[i].component_name);
	}
	for (size_t i = 0; i < all->component_count; i++) {
		for (const struct entry *entry = all->components[i].properties; entry; entry = entry->next)
			mark_in_value(all, &entry->value);
	}
}

static bool requires_something(const struct component *component)
{
	const struct entry *list = component_property(component, PROPERTY_REQUIRED_PARAMS);

	return list && (list->value.damaged || list->value.kind != VALUE_LIST || list->value.length > 0);
}

void templates_find(struct compilation *compilation)
{
	struct composition *all = &compilation->composition;
	bool has_parents = false;

	for (size_t i = 0; i < all->component_count; i++)
		has_parents |= all->components[i].is_parent;
	/* Looking for names costs as much as all checks together, and mostly there is nothing to find out. */
	if (has_parents)
		mark_named(all);
	for (size_t i = 0; i < all->component_count; i++) {
		struct component *component = &all->components[i];

		component->is_template = requires_something(component) || (component->is_parent && !component->is_used);
	}
}
