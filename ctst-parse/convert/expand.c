#include "ctst-parse/convert/expand.h"

#include <string.h>

#include "ctst-parse/convert/interpolate.h"

#define TOTAL_MAX_BYTES ((size_t)64 << 20) /* that variables were put into */

static struct node *expand(const struct expansion *with, const struct node *raw, int depth, struct ct_err *err);

struct warning {
	const struct expansion *with;
	struct place place;
};

static void warn_unset(void *data, struct ct_slice name)
{
	struct warning *warning = data;
	const struct expansion *with = warning->with;
	struct cause cause = { .place = warning->place };
	char *copy = ct_arena_copy(with->nodes->arena, name.text, name.length);

	if (ct_names_add(with->warned, ct_slice_of(copy), 0, NULL))
		report_warning(with->report, cause, "variable '%s' is not set, and is empty here", copy);
}

static int fail_interpolation(const struct expansion *with, const struct node *raw, const struct interpolation *done,
			      enum interpolate_problem problem, struct ct_err *err)
{
	if (problem == INTERPOLATE_REQUIRED)
		return node_fail(with->nodes, err, "E017", raw->place, "%s", done->message.data);
	if (problem == INTERPOLATE_TOO_LARGE)
		return node_fail(with->nodes, err, "E020", raw->place,
				 "the variables in it nest too deeply or become too long");
	node_fail(with->nodes, err, "E017", raw->place,
		  "malformed variable: expected ${NAME}, ${NAME:-default} and the like");
	return ct_err_hint(err, "a literal $ is written $$");
}

static int put_variables(const struct expansion *with, const struct node *raw, struct node *node, struct ct_err *err)
{
	struct warning warning = { with, raw->place };
	struct interpolation job = { .variables = with->variables, .unset = warn_unset, .data = &warning };
	ct_autobuf text = CT_BUF_INIT;
	enum interpolate_problem problem = interpolate(&job, ct_slice_of(raw->text), &text);
	int result = 0;

	with->nodes->interpolated += text.length;
	if (with->nodes->interpolated > TOTAL_MAX_BYTES)
		problem = INTERPOLATE_TOO_LARGE;
	if (problem != INTERPOLATE_FINE)
		result = fail_interpolation(with, raw, &job, problem, err);
	ct_buf_free(&job.message);
	node->text = ct_arena_take(with->nodes->arena, &text);
	node->plain = false;
	return result;
}

static void note_tag(const struct expansion *with, const struct node *raw)
{
	if (raw->tag == TAG_UNKNOWN)
		report_note(with->report, (struct subject){ 0 }, (struct cause){ .place = raw->place },
			    "the tag of this value is not known and has no effect");
}

static struct node *expand_scalar(const struct expansion *with, const struct node *raw, struct ct_err *err)
{
	struct node *node = node_new(with->nodes, NODE_SCALAR, raw->place, err);

	if (!node)
		return NULL;
	node->text = raw->text;
	node->plain = raw->plain;
	node->tag = raw->tag;
	if (raw->text && strchr(raw->text, '$') && put_variables(with, raw, node, err) < 0)
		return NULL;
	note_tag(with, raw);
	return node;
}

static bool is_merge_key(const struct member *member)
{
	return member->key && member->key_plain && strcmp(member->key, "<<") == 0;
}

/* Adds the members that the map has not got yet, as YAML's merge keys have it. */
static int merge_map(const struct expansion *with, const struct node *source, struct node *map, struct ct_names *own,
		     int depth, struct ct_err *err)
{
	struct node *expanded;

	if (source->kind == NODE_ALIAS)
		source = source->target;
	if (source->kind != NODE_MAP)
		return node_fail(with->nodes, err, "E001", source->place, "what '<<' names is not a map");
	expanded = expand(with, source, depth, err);
	if (!expanded)
		return -1;
	node_each(member, expanded) {
		if (ct_names_add(own, ct_slice_of(member->key), 0, NULL) &&
		    node_share(with->nodes, map, member, member->value, err) < 0)
			return -1;
	}
	return 0;
}

static int merge(const struct expansion *with, const struct node *source, struct node *map, struct ct_names *own,
		 int depth, struct ct_err *err)
{
	if (source->kind == NODE_ALIAS)
		source = source->target;
	if (source->kind != NODE_LIST)
		return merge_map(with, source, map, own, depth, err);
	node_each(item, source) {
		if (merge_map(with, item->value, map, own, depth, err) < 0)
			return -1;
	}
	return 0;
}

static int expand_members(const struct expansion *with, const struct node *raw, struct node *node, int depth,
			  struct ct_err *err)
{
	node_each(member, raw) {
		struct node *value;

		if (depth == 0 && member->key && strncmp(member->key, "x-", 2) == 0)
			continue;
		if (raw->kind == NODE_MAP && is_merge_key(member))
			continue;
		value = expand(with, member->value, depth + 1, err);
		if (!value)
			return -1;
		node_append(with->nodes, node, member, value);
	}
	return 0;
}

/* What `<<` brings stands behind a map's own members, which win. */
static int expand_merges(const struct expansion *with, const struct node *raw, struct node *node, int depth,
			 struct ct_err *err)
{
	ct_autonames own = CT_NAMES_INIT;
	bool named = false;

	node_each(member, raw) {
		if (!is_merge_key(member))
			continue;
		node_each(mine, node) {
			if (!named)
				ct_names_add(&own, ct_slice_of(mine->key), 0, NULL);
		}
		named = true;
		if (merge(with, member->value, node, &own, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

/* Depth is bounded: by the reader for each file, and here for what aliases put together. */
static struct node *expand(const struct expansion *with, const struct node *raw, int depth, struct ct_err *err)
{
	struct node *node;

	if (depth > NODE_MAX_DEPTH) {
		node_fail(with->nodes, err, "E020", raw->place, "nested deeper than %d levels", NODE_MAX_DEPTH);
		return NULL;
	}
	if (raw->kind == NODE_ALIAS)
		raw = raw->target;
	if (raw->kind == NODE_SCALAR)
		return expand_scalar(with, raw, err);
	node = node_new(with->nodes, raw->kind, raw->place, err);
	if (!node)
		return NULL;
	node->tag = raw->tag;
	note_tag(with, raw);
	if (expand_members(with, raw, node, depth, err) < 0)
		return NULL;
	if (raw->kind == NODE_MAP && expand_merges(with, raw, node, depth, err) < 0)
		return NULL;
	return node;
}

struct node *expand_document(const struct expansion *with, const struct node *document, struct ct_err *err)
{
	return expand(with, document, 0, err);
}
