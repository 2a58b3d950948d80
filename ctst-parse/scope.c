#include "ctst-parse/scope.h"

#include <stdlib.h>
#include <string.h>

#include "ctst-parse/suggestion.h"

#define SEVERAL (UINT32_MAX - 1) /* a name that more than one import gives */
#define LISTED 8                 /* choices in one message */

static void add_alias(struct scope *scope, const struct import *import, uint32_t index)
{
	uint32_t before;

	if (!ct_names_add(&scope->imports, import->alias, index, &before))
		diagnostic_hint_place(diagnostics_error(scope->diagnostics, "E003", import->alias_span,
							"two imports are called '%.*s'", SHOWN(import->alias)),
				      scope->diagnostics, scope->file->imports[before].alias_span, "the first is in");
	else if (ct_names_get(&scope->file->names, import->alias, &before))
		diagnostic_hint_place(diagnostics_error(scope->diagnostics, "E003", import->alias_span,
							"'%.*s' is also the name of a component", SHOWN(import->alias)),
				      scope->diagnostics, scope->file->components[before].span, "it is declared in");
}

/* A name that two files give is only wrong when somebody uses it. */
static void add_unless_alias(struct scope *scope, struct ct_names *names, struct ct_slice name, uint32_t index)
{
	uint32_t before = 0;

	if (ct_names_add(names, name, index, &before) || before == SEVERAL)
		return;
	if (names == &scope->imports && scope->file->imports[before].alias.length > 0)
		return;
	if (scope->file->imports[before].file != scope->file->imports[index].file)
		ct_names_replace(names, name, SEVERAL, NULL);
}

void scope_init(struct scope *scope, struct composition *file, struct diagnostics *diagnostics)
{
	*scope = (struct scope){ .file = file, .diagnostics = diagnostics };
	for (uint32_t i = 0; i < file->import_count; i++) {
		scope->has_failed_import |= !file->imports[i].file;
		if (file->imports[i].alias.length > 0)
			add_alias(scope, &file->imports[i], i);
	}
	for (uint32_t i = 0; i < file->import_count; i++) {
		struct composition *other = file->imports[i].file;

		if (file->imports[i].alias.length > 0)
			continue;
		add_unless_alias(scope, &scope->imports, file->imports[i].stem, i);
		if (!other || other->seen_by == file)
			continue;
		other->seen_by = file;
		for (size_t k = 0; k < other->component_count; k++)
			add_unless_alias(scope, &scope->components, other->components[k].name, i);
	}
}

void scope_release(struct scope *scope)
{
	ct_names_release(&scope->imports);
	ct_names_release(&scope->components);
}

static struct component *component_of(const struct composition *file, struct ct_slice name)
{
	uint32_t number;

	return ct_names_get(&file->names, name, &number) ? &file->components[number] : NULL;
}

static struct component *report_several(struct scope *scope, struct ct_slice name, struct span span)
{
	diagnostic_hint(diagnostics_error(scope->diagnostics, "E016", span, "several imports give '%.*s'", SHOWN(name)),
			"give them names: IMPORT \"...\" AS name");
	return NULL;
}

/* What an alias or stem stands for. */
static struct component *only_component(struct scope *scope, struct import *import, struct ct_slice word,
					struct span span)
{
	const struct composition *file = import->file;
	struct component *found = NULL;
	struct diagnostic *problem;
	ct_autobuf choices = CT_BUF_INIT;

	import->is_used = true;
	if (!file)
		return NULL;
	if (file->component_count == 1)
		return &file->components[0];
	found = component_of(file, word);
	if (!found)
		found = component_of(file, import->stem);
	if (found)
		return found;
	if (file->component_count == 0 || !file->components) {
		diagnostics_error(scope->diagnostics, "E016", span, "'%.*s' has no component", SHOWN(word));
		return NULL;
	}
	problem = diagnostics_error(scope->diagnostics, "E016", span, "'%.*s' has several components", SHOWN(word));
	for (size_t i = 0; problem && i < file->component_count && i < LISTED; i++)
		ct_buf_printf(&choices, "%s%.*s.%.*s", i ? ", " : "", SHOWN(word), SHOWN(file->components[i].name));
	diagnostic_hint(problem, "say which: %s%s", choices.data, file->component_count > LISTED ? ", ..." : "");
	return NULL;
}

static char *suggest_import(const struct scope *scope, struct ct_slice word)
{
	char *names[LIST_MAX_ITEMS] = { 0 };
	char *found = NULL;
	const char *closest;
	size_t count = 0;

	for (size_t i = 0; i < scope->file->import_count && count < LIST_MAX_ITEMS; i++) {
		const struct import *import = &scope->file->imports[i];
		struct ct_slice name = import->alias.length > 0 ? import->alias : import->stem;

		names[count++] = ct_strndup(name.text, name.length);
	}
	closest = suggest_word(word, (const char *const *)names, count);
	if (closest)
		found = ct_strdup(closest);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return found;
}

static struct component *find_scoped(struct scope *scope, const struct parent *parent)
{
	struct diagnostic *problem;
	struct component *found;
	struct import *import;
	char *suggestion;
	uint32_t index;

	if (!ct_names_get(&scope->imports, parent->scope, &index)) {
		problem = diagnostics_error(scope->diagnostics, "E016", parent->scope_span,
					    "no import is called '%.*s'", SHOWN(parent->scope));
		suggestion = problem ? suggest_import(scope, parent->scope) : NULL;
		diagnostic_did_you_mean(problem, suggestion);
		free(suggestion);
		return NULL;
	}
	if (index == SEVERAL)
		return report_several(scope, parent->scope, parent->scope_span);
	import = &scope->file->imports[index];
	import->is_used = true;
	if (!import->file)
		return NULL;
	found = component_of(import->file, parent->name);
	if (found)
		return found;
	problem = diagnostics_error(scope->diagnostics, "E016", parent->name_span, "'%.*s' has no component '%.*s'",
				    SHOWN(parent->scope), SHOWN(parent->name));
	suggestion = problem ? composition_suggest(import->file, parent->name) : NULL;
	diagnostic_did_you_mean(problem, suggestion);
	free(suggestion);
	return NULL;
}

static struct component *report_unknown(struct scope *scope, const struct parent *parent)
{
	struct diagnostic *problem;
	char *suggestion = NULL;
	size_t looked_at = 0;

	if (scope->has_failed_import)
		return NULL;
	problem = diagnostics_error(scope->diagnostics, "E016", parent->name_span, "undefined template '%.*s'",
				    SHOWN(parent->name));
	if (problem) {
		suggestion = composition_suggest(scope->file, parent->name);
		if (!suggestion)
			suggestion = suggest_import(scope, parent->name);
		for (size_t i = 0; !suggestion && i < scope->file->import_count && looked_at < COMPONENTS_MAX; i++) {
			suggestion = composition_suggest(scope->file->imports[i].file, parent->name);
			looked_at += scope->file->imports[i].file->component_count + 1;
		}
	}
	diagnostic_did_you_mean(problem, suggestion);
	free(suggestion);
	return NULL;
}

static struct component *find_plain(struct scope *scope, const struct component *child)
{
	const struct parent *parent = child->parent;
	struct component *own = component_of(scope->file, parent->name);
	uint32_t index, stem = CT_NAME_UNKNOWN;

	ct_names_get(&scope->imports, parent->name, &stem);
	if (stem < SEVERAL && scope->file->imports[stem].alias.length > 0)
		return only_component(scope, &scope->file->imports[stem], parent->name, parent->name_span);
	/* COMPONENT redis FROM redis means the imported one. */
	if (own && own != child)
		return own;
	if (ct_names_get(&scope->components, parent->name, &index)) {
		if (index == SEVERAL)
			return report_several(scope, parent->name, parent->name_span);
		scope->file->imports[index].is_used = true;
		return component_of(scope->file->imports[index].file, parent->name);
	}
	if (stem == SEVERAL)
		return report_several(scope, parent->name, parent->name_span);
	if (stem != CT_NAME_UNKNOWN)
		return only_component(scope, &scope->file->imports[stem], parent->name, parent->name_span);
	if (own && scope->has_failed_import)
		return NULL;
	if (own) {
		diagnostics_error(scope->diagnostics, "E013", parent->name_span,
				  "component '%.*s' inherits from itself", SHOWN(parent->name));
		return NULL;
	}
	return report_unknown(scope, parent);
}

struct component *scope_find_parent(struct scope *scope, const struct component *child)
{
	const struct parent *parent = child->parent;

	/* The parser has said that the name is missing. */
	if (parent->name.length == 0)
		return NULL;
	return parent->scope.length > 0 ? find_scoped(scope, parent) : find_plain(scope, child);
}
