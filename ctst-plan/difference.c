#include "ctst-plan/difference.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/names.h"
#include "common/secret_names.h"
#include "ctst-plan/secret.h"

/* One comparison: a growing list, and what belongs to the field at hand. */
struct comparison {
	struct ct_arena *arena;
	struct changes changes;
	size_t capacity;
	bool image_unknown;
	bool thorough;
	struct ct_buf text; /* scratch */
};

static void append_value(struct ct_buf *out, const struct ct_json *value)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct ct_json_writer *writer;

	if (value->type == CT_JSON_STRING) {
		ct_buf_append(out, value->text, value->length);
		return;
	}
	writer = ct_json_writer_new(out, false);
	ct_json_value(writer, value);
	/* What was read as JSON can be written as JSON. */
	(void)ct_json_writer_finish(writer, &ignored);
}

static const char *value_text(struct comparison *comparison, const struct ct_json *value)
{
	if (!value)
		return NULL;
	ct_buf_clear(&comparison->text);
	ct_buf_reserve(&comparison->text, 0);
	append_value(&comparison->text, value);
	return ct_arena_copy(comparison->arena, comparison->text.data, comparison->text.length);
}

static bool same_value(struct comparison *comparison, const struct ct_json *a, const struct ct_json *b)
{
	size_t first;

	if (a->type != b->type)
		return false;
	ct_buf_clear(&comparison->text);
	append_value(&comparison->text, a);
	first = comparison->text.length;
	append_value(&comparison->text, b);
	return comparison->text.length == 2 * first &&
	       (first == 0 || memcmp(comparison->text.data, comparison->text.data + first, first) == 0);
}

/* What the image would have a say in. */
static bool is_from_image(const char *group, const char *field, const struct ct_json *new)
{
	static const char *const fields[] = { "args", "workdir", "user", "ports", "stop_signal" };

	if (group)
		return (strcmp(group, "env") == 0 && !new) ||
		       (strcmp(group, "image") == 0 && strcmp(field, "uri") != 0);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(field, fields[i]) == 0)
			return true;
	}
	return false;
}

/* Where layers lie mostly says nothing that their digest does not say. */
static bool is_redundant(const struct comparison *comparison, const char *group, const char *field)
{
	return !comparison->thorough && group && strcmp(group, "image") == 0 && strcmp(field, "layers") == 0;
}

static void add_change(struct comparison *comparison, const char *group, const char *field, const struct ct_json *old,
		       const struct ct_json *new)
{
	struct changes *changes = &comparison->changes;
	bool masked = group && strcmp(group, "env") == 0 && ct_name_is_secret(ct_slice_of(field));
	struct change *change;

	if (comparison->image_unknown && is_from_image(group, field, new))
		return;
	if (changes->count == comparison->capacity) {
		comparison->capacity = comparison->capacity ? comparison->capacity * 2 : 8;
		changes->items = ct_realloc_array(changes->items, comparison->capacity, sizeof(*changes->items));
	}
	change = &changes->items[changes->count++];
	change->field = ct_arena_printf(comparison->arena, "%s%s%s", group ? group : "", group ? "." : "", field);
	change->from = value_text(comparison, old);
	change->to = value_text(comparison, new);
	if (masked && change->from)
		change->from = shown_secret(change->from);
	if (masked && change->to)
		change->to = shown_secret(change->to);
}

/* Calls `compare` for every field of either object; a missing one is NULL. */
static void for_each_field(struct comparison *comparison, const char *group, const struct ct_json *old,
			   const struct ct_json *new,
			   void (*compare)(struct comparison *comparison, const char *group, const char *field,
					   const struct ct_json *old, const struct ct_json *new))
{
	const struct ct_json **members = ct_alloc_array(old ? old->length : 0, sizeof(struct ct_json *));
	ct_autonames fields = CT_NAMES_INIT;
	size_t count = 0;

	ct_json_each(member, old) {
		ct_names_add(&fields, ct_slice_of(member->key), (uint32_t)count, NULL);
		members[count++] = member;
	}
	ct_json_each(member, new) {
		const struct ct_json *before = NULL;
		uint32_t index;

		if (ct_names_get(&fields, ct_slice_of(member->key), &index)) {
			before = members[index];
			members[index] = NULL;
		}
		compare(comparison, group, member->key, before, member);
	}
	for (size_t i = 0; i < count; i++) {
		if (members[i])
			compare(comparison, group, members[i]->key, members[i], NULL);
	}
	free(members);
}

static void compare_inner(struct comparison *comparison, const char *group, const char *field,
			  const struct ct_json *old, const struct ct_json *new)
{
	if ((!old || !new || !same_value(comparison, old, new)) && !is_redundant(comparison, group, field))
		add_change(comparison, group, field, old, new);
}

/* Objects are taken apart, one level: image, env, restart, healthcheck. */
static void compare_outer(struct comparison *comparison, const char *group, const char *field,
			  const struct ct_json *old, const struct ct_json *new)
{
	(void)group;
	if ((!old || old->type == CT_JSON_OBJECT) && (!new || new->type == CT_JSON_OBJECT))
		for_each_field(comparison, field, old, new, compare_inner);
	else
		compare_inner(comparison, NULL, field, old, new);
}

struct changes difference(const struct ct_json *old, const struct ct_json *new, bool image_unknown,
			  struct ct_arena *arena)
{
	struct comparison comparison = { .arena = arena, .image_unknown = image_unknown };
	struct change *items = NULL;

	for_each_field(&comparison, NULL, old, new, compare_outer);
	if (comparison.changes.count == 0) {
		/* The project was moved, and nothing else: then the places are what differs. */
		comparison.thorough = true;
		for_each_field(&comparison, NULL, old, new, compare_outer);
	}
	if (comparison.changes.count > 0) {
		items = ct_arena_array(arena, comparison.changes.count, sizeof(*items));
		memcpy(items, comparison.changes.items, comparison.changes.count * sizeof(*items));
	}
	free(comparison.changes.items);
	ct_buf_free(&comparison.text);
	return (struct changes){ items, comparison.changes.count };
}
