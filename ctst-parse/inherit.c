#include "ctst-parse/inherit.h"

#include <stdlib.h>
#include <string.h>

#include "ctst-parse/compile.h"
#include "ctst-parse/merge.h"
#include "ctst-parse/required.h"
#include "ctst-parse/scope.h"
#include "ctst-parse/templates.h"

#define NAMES_SHOWN 33 /* of one circle */

/* A chain of components, the child first. */
struct chain {
	struct component **items; /* owned */
	size_t count, capacity;
};

struct inheritor {
	struct compilation *compilation;
	struct chain chain;
	uint64_t bytes; /* that have been inherited */
	bool too_much;  /* said once */
};

static struct component *parent_of(const struct component *component)
{
	return component->parent ? component->parent->component : NULL;
}

static void push(struct chain *chain, struct component *component)
{
	if (chain->count == chain->capacity) {
		chain->capacity = chain->capacity ? 2 * chain->capacity : 64;
		chain->items = ct_realloc_array(chain->items, chain->capacity, sizeof(struct component *));
	}
	chain->items[chain->count++] = component;
}

/* `again` is in the chain, and the last of it has it for its parent. */
static void report_circle(struct inheritor *inheritor, const struct component *again)
{
	struct chain *chain = &inheritor->chain;
	const struct component *last = chain->items[chain->count - 1];
	ct_autobuf path = CT_BUF_INIT;
	size_t first = chain->count;

	do
		first--;
	while (chain->items[first] != again);
	for (size_t i = first; i < chain->count; i++) {
		if (i - first < NAMES_SHOWN)
			ct_buf_printf(&path, "%.*s -> ", SHOWN(chain->items[i]->name));
	}
	if (chain->count - first > NAMES_SHOWN)
		ct_buf_printf(&path, "(%zu more) -> ", chain->count - first - NAMES_SHOWN);
	ct_buf_append(&path, again->name.text, again->name.length);
	diagnostic_hint(diagnostics_error(&inheritor->compilation->diagnostics, "E013", last->parent->name_span,
					  "components inherit from each other: %s", path.data),
			"this closes the circle");
}

/* True: at most INHERITANCE_DEPTH_MAX parents are above. The first component that has more is told. */
static bool check_depth(struct inheritor *inheritor, struct component *child, const struct component *parent)
{
	child->depth = (uint8_t)(parent->depth + (parent->depth <= INHERITANCE_DEPTH_MAX));
	if (child->depth <= INHERITANCE_DEPTH_MAX)
		return true;
	/* What hangs on a circle has been told enough. */
	if (parent->depth == INHERITANCE_DEPTH_MAX && !parent->is_incomplete)
		diagnostics_error(&inheritor->compilation->diagnostics, "E020", child->parent->name_span,
				  "component '%.*s' has more than %d parents above it", SHOWN(child->name),
				  INHERITANCE_DEPTH_MAX);
	return false;
}

static bool check_amount(struct inheritor *inheritor, const struct component *child, struct component *parent)
{
	inheritor->bytes += merge_weight(inheritor->compilation, parent);
	if (inheritor->bytes <= INHERITED_MAX_BYTES)
		return true;
	if (!inheritor->too_much)
		diagnostics_error(&inheritor->compilation->diagnostics, "E020", child->parent->name_span,
				  "what components inherit adds up to more than %u MiB",
				  (unsigned int)(INHERITED_MAX_BYTES >> 20));
	inheritor->too_much = true;
	return false;
}

/* Its parent is settled or not known. */
static void settle(struct inheritor *inheritor, struct component *child)
{
	struct component *parent = parent_of(child);

	child->inheritance = INHERITANCE_DONE;
	if (!child->parent)
		return;
	if (!parent || !check_depth(inheritor, child, parent) || !check_amount(inheritor, child, parent)) {
		child->is_incomplete = true;
		return;
	}
	child->is_incomplete |= parent->is_incomplete || parent->damaged || parent->has_unknown;
	merge_properties(inheritor->compilation, child, parent);
}

/* From the child up to who is settled, then down again; each component is visited once. */
static void settle_chain(struct inheritor *inheritor, struct component *child)
{
	struct chain *chain = &inheritor->chain;

	chain->count = 0;
	for (struct component *at = child; at && at->inheritance != INHERITANCE_DONE; at = parent_of(at)) {
		if (at->inheritance == INHERITANCE_IN_PROGRESS) {
			report_circle(inheritor, at);
			chain->items[chain->count - 1]->parent->component = NULL;
			break;
		}
		at->inheritance = INHERITANCE_IN_PROGRESS;
		push(chain, at);
	}
	while (chain->count > 0)
		settle(inheritor, chain->items[--chain->count]);
}

static void find_parents(struct compilation *compilation, struct composition *file)
{
	struct scope scope;

	scope_init(&scope, file, &compilation->diagnostics);
	for (size_t i = 0; i < file->component_count; i++) {
		struct component *component = &file->components[i], *found;

		if (!component->parent)
			continue;
		found = scope_find_parent(&scope, component);
		component->parent->component = found;
		if (found >= file->components && found < file->components + file->component_count)
			found->is_parent = true;
	}
	scope_release(&scope);
}

static void settle_all(struct inheritor *inheritor, struct composition *file)
{
	for (size_t i = 0; i < file->component_count; i++) {
		if (file->components[i].inheritance == INHERITANCE_NOT_LOOKED_AT)
			settle_chain(inheritor, &file->components[i]);
	}
}

/* A misspelt FROM makes its import look unused. */
static void warn_of_unused(struct diagnostics *diagnostics, const struct composition *file)
{
	for (size_t i = 0; i < file->import_count; i++) {
		const struct import *import = &file->imports[i];

		if (!import->is_used)
			diagnostic_hint(
				diagnostics_warning(diagnostics, "E009", import->path_span,
						    "nothing of the import '%.*s' is used", SHOWN(import->path)),
				"remove it, or make a component from one of its own: COMPONENT name FROM %.*s.NAME",
				SHOWN(import->alias.length ? import->alias : import->stem));
	}
}

static bool has_inheritance(const struct composition *file)
{
	if (file->import_count > 0)
		return true;
	for (size_t i = 0; i < file->component_count; i++) {
		if (file->components[i].parent)
			return true;
	}
	return false;
}

void inherit(struct compilation *compilation)
{
	struct inheritor inheritor = { .compilation = compilation };
	struct composition *entry = &compilation->composition;

	if (has_inheritance(entry)) {
		for (size_t i = 0; i < compilation->imported_count; i++)
			find_parents(compilation, compilation->imported[i]);
		find_parents(compilation, entry);
		for (size_t i = 0; i < compilation->imported_count; i++)
			settle_all(&inheritor, compilation->imported[i]);
		settle_all(&inheritor, entry);
		free(inheritor.chain.items);
	}
	templates_find(compilation);
	required_check(compilation);
	if (compilation->diagnostics.errors.total > 0)
		return;
	warn_of_unused(&compilation->diagnostics, entry);
	for (size_t i = 0; i < compilation->imported_count; i++)
		warn_of_unused(&compilation->diagnostics, compilation->imported[i]);
}

const struct component *inherit_declared_in(const struct compilation *compilation, struct span value)
{
	const struct source *source = sources_find(&compilation->sources, value.offset);
	const struct composition *file = source->number == 0 ? &compilation->composition
							     : compilation->imported[source->number - 1];
	size_t low = 0, high = file->component_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (value.offset < file->components[middle].span.offset)
			high = middle;
		else
			low = middle;
	}
	return &file->components[low];
}
