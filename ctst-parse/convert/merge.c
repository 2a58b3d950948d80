#include "ctst-parse/convert/merge.h"

#include <string.h>

#include "common/names.h"
#include "ctst-parse/convert/quantity.h"

#define PATH_MAX_BYTES 512 /* longer ones match no rule */

enum rule {
	RULE_PLAIN,   /* maps member by member, lists one behind the other, anything else is replaced */
	RULE_REPLACE, /* the later one */
	RULE_PAIRS,   /* a map is read as a list of KEY=VALUE, a single word as a list of one */
	RULE_KEYS,    /* a list is read as a map of names without values */
	RULE_DEPENDS, /* a list is read as a map of names with the condition that a list means */
	RULE_BUILD,   /* a single word is the context */
	RULE_LOGGING, /* options belong to their driver */
	RULE_SUBNETS, /* a list of maps, told apart by their subnet */
};

/* `*` is any one key. */
static const struct {
	const char *pattern;
	enum rule rule;
} rules[] = {
	{ "services.*.annotations", RULE_PAIRS },
	{ "services.*.build", RULE_BUILD },
	{ "services.*.build.args", RULE_PAIRS },
	{ "services.*.build.additional_contexts", RULE_PAIRS },
	{ "services.*.build.extra_hosts", RULE_PAIRS },
	{ "services.*.build.labels", RULE_PAIRS },
	{ "services.*.command", RULE_REPLACE },
	{ "services.*.depends_on", RULE_DEPENDS },
	{ "services.*.deploy.labels", RULE_PAIRS },
	{ "services.*.dns", RULE_PAIRS },
	{ "services.*.dns_opt", RULE_PAIRS },
	{ "services.*.dns_search", RULE_PAIRS },
	{ "services.*.entrypoint", RULE_REPLACE },
	{ "services.*.env_file", RULE_PAIRS },
	{ "services.*.environment", RULE_PAIRS },
	{ "services.*.extra_hosts", RULE_PAIRS },
	{ "services.*.healthcheck.test", RULE_REPLACE },
	{ "services.*.label_file", RULE_PAIRS },
	{ "services.*.labels", RULE_PAIRS },
	{ "services.*.logging", RULE_LOGGING },
	{ "services.*.models", RULE_KEYS },
	{ "services.*.networks", RULE_KEYS },
	{ "services.*.sysctls", RULE_PAIRS },
	{ "services.*.tmpfs", RULE_PAIRS },
	{ "services.*.ulimits.*", RULE_REPLACE },
	{ "networks.*.labels", RULE_PAIRS },
	{ "networks.*.ipam.config", RULE_SUBNETS },
	{ "volumes.*.labels", RULE_PAIRS },
	{ "models.*.runtime_flags", RULE_REPLACE },
};

static bool matches(const char *pattern, const char *path)
{
	while (*pattern && *path) {
		size_t length = strcspn(path, "."), wanted = strcspn(pattern, ".");

		if (!(wanted == 1 && *pattern == '*') && (length != wanted || memcmp(pattern, path, length) != 0))
			return false;
		path += length + (path[length] == '.');
		pattern += wanted + (pattern[wanted] == '.');
	}
	return !*pattern && !*path;
}

static enum rule rule_of(const char *path)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (matches(rules[i].pattern, path))
			return rules[i].rule;
	}
	return RULE_PLAIN;
}

/* The path of a member. A key with a dot in it must not look like two. */
static void path_append(char *longer, const char *path, const char *key)
{
	size_t length = strlen(path), i;

	memcpy(longer, path, length);
	if (length > 0)
		longer[length++] = '.';
	for (i = 0; key[i] && length + i + 1 < PATH_MAX_BYTES; i++)
		longer[length + i] = key[i] == '.' ? '?' : key[i];
	longer[length + i] = '\0';
}

static int append_all(struct nodes *nodes, struct node *list, const struct node *from, struct ct_err *err)
{
	node_each(item, from) {
		if (node_share(nodes, list, item, item->value, err) < 0)
			return -1;
	}
	return 0;
}

static struct node *merge_lists(struct nodes *nodes, const struct node *base, const struct node *over,
				struct ct_err *err)
{
	struct node *list = node_new(nodes, NODE_LIST, over->place, err);

	if (!list || append_all(nodes, list, base, err) < 0 || append_all(nodes, list, over, err) < 0)
		return NULL;
	return list;
}

/* The members of `base` in their order, changed where `over` names them; then what is new. */
static struct node *merge_maps(struct nodes *nodes, const struct node *base, const struct node *over, const char *path,
			       struct ct_err *err)
{
	struct node *map = node_new(nodes, NODE_MAP, base->place, err);
	ct_autonames names = CT_NAMES_INIT;
	struct member **members;
	uint32_t number = 0;

	if (!map || append_all(nodes, map, base, err) < 0)
		return NULL;
	members = ct_arena_array(nodes->arena, (size_t)map->count + 1, sizeof(struct member *));
	node_each(member, map) {
		members[number] = member;
		ct_names_add(&names, ct_slice_of(member->key), number++, NULL);
	}
	node_each(member, over) {
		char longer[PATH_MAX_BYTES + 2];

		if (!ct_names_get(&names, ct_slice_of(member->key), &number)) {
			if (node_share(nodes, map, member, member->value, err) < 0)
				return NULL;
			continue;
		}
		path_append(longer, path, member->key);
		members[number]->value = merge_nodes(nodes, members[number]->value, member->value, longer, err);
		/* What the later file says is found in the later file. */
		members[number]->place = member->place;
		if (!members[number]->value)
			return NULL;
	}
	return map;
}

static struct node *new_text(struct nodes *nodes, struct place place, const char *text, struct ct_err *err)
{
	struct node *node = node_new(nodes, NODE_SCALAR, place, err);

	if (node)
		node->text = text;
	return node;
}

/* What stands in a list of pairs for a name that is to go, with all pairs in front of it that have it. */
static int append_reset(struct nodes *nodes, struct node *list, const struct member *member, struct ct_err *err)
{
	struct node *reset = new_text(nodes, member->place, member->key, err);

	if (!reset)
		return -1;
	reset->tag = TAG_RESET;
	return node_share(nodes, list, &(struct member){ .place = member->place }, reset, err);
}

static int append_pair(struct nodes *nodes, struct node *list, const struct member *member, const struct node *value,
		       struct ct_err *err)
{
	const char *text = node_text(value);
	struct node *pair;

	if (value->tag == TAG_RESET)
		return append_reset(nodes, list, member, err);

	if (value->kind != NODE_SCALAR) {
		node_each(item, value) {
			if (!item->value || append_pair(nodes, list, member, item->value, err) < 0)
				return -1;
		}
		return 0;
	}
	/* The type that YAML gives it is known here only. */
	if (text && value->plain && value->tag == TAG_NONE)
		text = plain_value(nodes->arena, text);
	pair = new_text(nodes, member->place,
			text ? ct_arena_printf(nodes->arena, "%s=%s", member->key, text) : member->key, err);
	if (!pair)
		return -1;
	return node_share(nodes, list, &(struct member){ .place = member->place }, pair, err);
}

static struct node *as_pairs(struct nodes *nodes, struct node *node, struct ct_err *err)
{
	struct node *list;

	if (node->kind == NODE_LIST)
		return node;
	list = node_new(nodes, NODE_LIST, node->place, err);
	if (!list)
		return NULL;
	if (node->kind == NODE_SCALAR)
		return node_share(nodes, list, &(struct member){ .place = node->place }, node, err) < 0 ? NULL : list;
	node_each(member, node) {
		if (append_pair(nodes, list, member, member->value, err) < 0)
			return NULL;
	}
	return list;
}

/* What a name in a list stands for when the list is read as a map: nothing, or (with a key) a map of one member. */
static struct node *value_of_name(struct nodes *nodes, struct place place, const char *key, const char *text,
				  struct ct_err *err)
{
	struct node *value = new_text(nodes, place, text, err), *map;

	if (!value || !key) {
		if (value)
			value->plain = true;
		return value;
	}
	map = node_new(nodes, NODE_MAP, place, err);
	if (!map || node_share(nodes, map, &(struct member){ .key = key, .place = place }, value, err) < 0)
		return NULL;
	return map;
}

static struct node *as_map(struct nodes *nodes, struct node *node, const char *key, const char *text,
			   struct ct_err *err)
{
	ct_autonames names = CT_NAMES_INIT;
	struct node *map;

	if (node->kind != NODE_LIST)
		return node;
	map = node_new(nodes, NODE_MAP, node->place, err);
	node_each(item, map ? node : NULL) {
		const char *name = node_text(item->value);
		struct member member = { .key = name, .place = item->place };
		struct node *value;

		if (!name || !ct_names_add(&names, ct_slice_of(name), 0, NULL))
			continue;
		value = value_of_name(nodes, item->place, key, text, err);
		if (!value || node_share(nodes, map, &member, value, err) < 0)
			return NULL;
	}
	return map;
}

static struct node *as_keys(struct nodes *nodes, struct node *node, struct ct_err *err)
{
	return as_map(nodes, node, NULL, "", err);
}

static struct node *as_dependencies(struct nodes *nodes, struct node *node, struct ct_err *err)
{
	return as_map(nodes, node, "condition", "service_started", err);
}

static struct node *as_build(struct nodes *nodes, struct node *node, struct ct_err *err)
{
	struct node *map;

	if (node->kind != NODE_SCALAR)
		return node;
	map = node_new(nodes, NODE_MAP, node->place, err);
	if (!map || node_share(nodes, map, &(struct member){ .key = "context", .place = node->place }, node, err) < 0)
		return NULL;
	return map;
}

static bool same_text(const struct node *one, const struct node *other)
{
	const char *a = node_text(one), *b = node_text(other);

	return a && b && strcmp(a, b) == 0;
}

static struct node *merge_logging(struct nodes *nodes, struct node *base, struct node *over, const char *path,
				  struct ct_err *err)
{
	struct node *before = node_get(base, "driver"), *after = node_get(over, "driver");

	if (before && after && !same_text(before, after))
		return over;
	return merge_maps(nodes, base, over, path, err);
}

static struct node *merge_subnets(struct nodes *nodes, struct node *base, struct node *over, const char *path,
				  struct ct_err *err)
{
	struct node *list = node_new(nodes, NODE_LIST, over->place, err);

	node_each(item, list ? base : NULL) {
		struct node *value = item->value;

		node_each(other, over) {
			if (same_text(node_get(value, "subnet"), node_get(other->value, "subnet")))
				value = merge_maps(nodes, value, other->value, path, err);
			if (!value)
				return NULL;
		}
		if (node_share(nodes, list, item, value, err) < 0)
			return NULL;
	}
	node_each(item, list ? over : NULL) {
		bool known = false;

		node_each(other, base)
			known |= same_text(node_get(other->value, "subnet"), node_get(item->value, "subnet"));
		if (!known && node_share(nodes, list, item, item->value, err) < 0)
			return NULL;
	}
	return list;
}

static struct node *merge_plain(struct nodes *nodes, struct node *base, struct node *over, const char *path,
				struct ct_err *err)
{
	if (base->kind == NODE_MAP && over->kind == NODE_MAP)
		return merge_maps(nodes, base, over, path, err);
	if (base->kind == NODE_LIST && over->kind == NODE_LIST)
		return merge_lists(nodes, base, over, err);
	if (base->kind == NODE_SCALAR && over->kind == NODE_SCALAR)
		return over;
	node_fail(nodes, err, "E006", over->place, "this cannot override '%.200s': one is a %s, the other a %s", path,
		  base->kind == NODE_MAP    ? "map"
		  : base->kind == NODE_LIST ? "list"
					    : "single value",
		  over->kind == NODE_MAP    ? "map"
		  : over->kind == NODE_LIST ? "list"
					    : "single value");
	ct_err_hint(err, "mark it !override to replace the value of the files before");
	return NULL;
}

static struct node *merge_as(struct nodes *nodes, struct node *(*as)(struct nodes *, struct node *, struct ct_err *),
			     struct node *base, struct node *over, const char *path, struct ct_err *err)
{
	base = as(nodes, base, err);
	over = base ? as(nodes, over, err) : NULL;
	return over ? merge_plain(nodes, base, over, path, err) : NULL;
}

/* Recurses as deep as the trees are, which is bounded. */
struct node *merge_nodes(struct nodes *nodes, struct node *base, struct node *over, const char *path,
			 struct ct_err *err)
{
	if (!base || (over && (over->tag == TAG_RESET || over->tag == TAG_OVERRIDE)))
		return over;
	if (!over || (node_is_null(over) && over->kind == NODE_SCALAR))
		return base;
	if (node_is_null(base) || base->tag == TAG_RESET)
		return over;
	switch (rule_of(path)) {
	case RULE_REPLACE:
		return over;
	case RULE_PAIRS:
		return merge_as(nodes, as_pairs, base, over, path, err);
	case RULE_KEYS:
		return merge_as(nodes, as_keys, base, over, path, err);
	case RULE_DEPENDS:
		return merge_as(nodes, as_dependencies, base, over, path, err);
	case RULE_BUILD:
		return merge_as(nodes, as_build, base, over, path, err);
	case RULE_LOGGING:
		if (base->kind == NODE_MAP && over->kind == NODE_MAP)
			return merge_logging(nodes, base, over, path, err);
		break;
	case RULE_SUBNETS:
		if (base->kind == NODE_LIST && over->kind == NODE_LIST)
			return merge_subnets(nodes, base, over, path, err);
		break;
	case RULE_PLAIN:
		break;
	}
	return merge_plain(nodes, base, over, path, err);
}

/* "NAME" and "NAME=value" are about one name. */
static struct ct_slice pair_name(const struct member *item)
{
	const char *text = node_text(item->value);

	return text ? (struct ct_slice){ text, strcspn(text, "=") } : (struct ct_slice){ "", 0 };
}

/* A reset in a list of pairs takes out those in front of it that have its name. */
static void reset_pairs(struct node *list)
{
	ct_autonames resets = CT_NAMES_INIT;
	uint32_t number = 0, last;

	node_each(item, list) {
		if (item->value->tag == TAG_RESET && node_text(item->value))
			ct_names_replace(&resets, pair_name(item), number, NULL);
		number++;
	}
	if (resets.count == 0)
		return;
	number = 0;
	for (struct member **link = &list->first; *link; number++) {
		if (ct_names_get(&resets, pair_name(*link), &last) && number < last) {
			*link = (*link)->next;
			list->count--;
		} else {
			link = &(*link)->next;
		}
	}
}

void merge_finish(struct node *node)
{
	struct member **link;

	if (!node || node->kind == NODE_SCALAR || node->visited)
		return;
	node->visited = true;
	if (node->kind == NODE_LIST)
		reset_pairs(node);
	node->last = NULL;
	link = &node->first;
	while (*link) {
		if ((*link)->value->tag == TAG_RESET) {
			*link = (*link)->next;
			node->count--;
			continue;
		}
		merge_finish((*link)->value);
		node->last = *link;
		link = &(*link)->next;
	}
}
