#include "ctst-parse/merge.h"

#include <string.h>

#include "ctst-parse/compile.h"
#include "ctst-parse/lexer.h"
#include "ctst-parse/properties.h"

#define PLACE_WEIGHT 40 /* of a line's and column's digits, quotes and the like */
#define ITEM_WEIGHT 4   /* of an item's quotes and comma */
#define FEW_PAIRS 512   /* so many comparisons cost less than a table */

static uint64_t weight_of_list(const struct value *value)
{
	uint64_t weight = ITEM_WEIGHT;

	for (const struct entry *entry = value->first; entry; entry = entry->next)
		weight += ITEM_WEIGHT + entry->key_length +
			  (entry->value.kind == VALUE_STRING ? entry->value.length : 0);
	return weight;
}

/* A list in a map is the deepest there is. */
static uint64_t weight_of(const struct value *value)
{
	uint64_t weight = ITEM_WEIGHT;

	if (value->kind == VALUE_STRING)
		return weight + value->length;
	if (value->kind != VALUE_MAP)
		return value->kind == VALUE_LIST ? weight_of_list(value) : weight;
	for (const struct entry *entry = value->first; entry; entry = entry->next)
		weight += entry->key_length + ITEM_WEIGHT +
			  (entry->value.kind == VALUE_LIST || entry->value.kind == VALUE_MAP
				   ? weight_of_list(&entry->value)
				   : weight_of(&entry->value));
	return weight;
}

/* The place of a value, its name and its owner's, as they stand in "origins" and "inherited". */
static uint64_t weight_of_place(const struct compilation *compilation, const struct entry *entry)
{
	return PLACE_WEIGHT + 2 * (uint64_t)entry->key_length + NAME_MAX_BYTES / 8 +
	       strlen(sources_find(&compilation->sources, entry->value.span.offset)->shown);
}

uint64_t merge_weight(const struct compilation *compilation, struct component *component)
{
	if (component->weight > 0)
		return component->weight;
	for (const struct entry *entry = component->properties; entry; entry = entry->next) {
		component->weight += weight_of(&entry->value) + weight_of_place(compilation, entry);
		if (entry->property != PROPERTY_ENV || entry->value.kind != VALUE_MAP)
			continue;
		for (const struct entry *member = entry->value.first; member; member = member->next)
			component->weight += weight_of_place(compilation, member);
	}
	component->weight++;
	return component->weight;
}

static uint32_t bit(enum property_id id)
{
	return 1U << id;
}

/* The properties that the given one replaces. */
static uint32_t replaced_by(uint8_t id)
{
	if (id == PROPERTY_PORT || id == PROPERTY_PORTS)
		return bit(PROPERTY_PORT) | bit(PROPERTY_PORTS);
	if (id == PROPERTY_VOLUME || id == PROPERTY_VOLUMES)
		return bit(PROPERTY_VOLUME) | bit(PROPERTY_VOLUMES);
	return bit(id);
}

static void append_property(struct compilation *compilation, struct component *child, const struct entry *inherited)
{
	struct entry *entry = ct_arena_alloc(&compilation->arena, sizeof(*entry));

	*entry = *inherited;
	entry->next = NULL;
	entry->inherited = true;
	child->present |= bit(entry->property);
	if (child->last)
		child->last->next = entry;
	else
		child->properties = entry;
	child->last = entry;
}

/* The child's variables by name; a table only where one pays. */
struct variables {
	const struct value *map;
	struct ct_names table;
	struct entry **by_number; /* in the arena */
};

static void index_variables(struct variables *variables, struct compilation *compilation, const struct value *map,
			    const struct value *others)
{
	uint32_t count = 0;

	*variables = (struct variables){ .map = map };
	if ((uint64_t)map->length * others->length <= FEW_PAIRS)
		return;
	variables->by_number = ct_arena_array(&compilation->arena, map->length, sizeof(struct entry *));
	for (struct entry *entry = map->first; entry; entry = entry->next) {
		variables->by_number[count] = entry;
		ct_names_add(&variables->table, entry_key(entry), count++, NULL);
	}
}

static struct entry *find_variable(const struct variables *variables, struct ct_slice key)
{
	uint32_t number;

	if (variables->by_number)
		return ct_names_get(&variables->table, key, &number) ? variables->by_number[number] : NULL;
	for (struct entry *entry = variables->map->first; entry; entry = entry->next) {
		if (entry->key_length == key.length && memcmp(entry->key, key.text, key.length) == 0)
			return entry;
	}
	return NULL;
}

/* The parent's variables that the child does not set, then the child's own. */
static void merge_env(struct compilation *compilation, struct value *own, const struct value *inherited)
{
	struct entry *first = NULL, **end = &first;
	struct variables variables;
	uint32_t count = own->length;

	index_variables(&variables, compilation, own, inherited);
	for (const struct entry *other = inherited->first; other; other = other->next) {
		struct entry *entry;

		if (find_variable(&variables, entry_key(other)))
			continue;
		entry = ct_arena_alloc(&compilation->arena, sizeof(*entry));
		*entry = *other;
		entry->inherited = true;
		*end = entry;
		end = &entry->next;
		count++;
	}
	*end = own->first;
	own->first = first;
	own->length = count;
	ct_names_release(&variables.table);
}

static void inherit_env(struct compilation *compilation, struct component *child, const struct entry *inherited)
{
	struct entry *own = component_property(child, PROPERTY_ENV);

	if (own->value.kind != VALUE_MAP || inherited->value.kind != VALUE_MAP || own->value.damaged)
		return;
	merge_env(compilation, &own->value, &inherited->value);
	if (own->value.length > LIST_MAX_ITEMS) {
		diagnostics_error(&compilation->diagnostics, "E020", own->key_span,
				  "component '%.*s' has more than %d variables with those it inherits",
				  SHOWN(child->name), LIST_MAX_ITEMS);
		own->value.damaged = true;
	}
}

void merge_properties(struct compilation *compilation, struct component *child, const struct component *parent)
{
	uint32_t own = child->present;

	for (const struct entry *entry = parent->properties; entry; entry = entry->next) {
		if (entry->property == PROPERTY_REQUIRED_PARAMS)
			continue;
		if (!(own & replaced_by(entry->property)))
			append_property(compilation, child, entry);
		else if (entry->property == PROPERTY_ENV)
			inherit_env(compilation, child, entry);
	}
}
