#include "ctst-parse/convert/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctst-parse/convert/secret_values.h"

static int count_one(struct nodes *nodes, size_t *count, struct place place, struct ct_err *err)
{
	if (++*count <= NODE_MAX_COUNT)
		return 0;
	node_fail(nodes, err, "E020", place, "more than %d values%s", NODE_MAX_COUNT,
		  count == &nodes->made ? " once aliases, merges and extends are carried out" : "");
	return ct_err_hint(err, "split the file");
}

static struct node *make(struct nodes *nodes, enum node_kind kind, struct place place)
{
	struct node *node = ct_arena_zalloc(nodes->arena, sizeof(*node));

	node->kind = (uint8_t)kind;
	node->place = place;
	return node;
}

struct node *node_read(struct nodes *nodes, enum node_kind kind, struct place place, struct ct_err *err)
{
	return count_one(nodes, &nodes->read, place, err) < 0 ? NULL : make(nodes, kind, place);
}

struct node *node_new(struct nodes *nodes, enum node_kind kind, struct place place, struct ct_err *err)
{
	return count_one(nodes, &nodes->made, place, err) < 0 ? NULL : make(nodes, kind, place);
}

void node_append(struct nodes *nodes, struct node *parent, const struct member *like, struct node *value)
{
	struct member *member = ct_arena_alloc(nodes->arena, sizeof(*member));

	*member = *like;
	member->next = NULL;
	member->value = value;
	if (parent->last)
		parent->last->next = member;
	else
		parent->first = member;
	parent->last = member;
	parent->count++;
}

int node_share(struct nodes *nodes, struct node *parent, const struct member *like, struct node *value,
	       struct ct_err *err)
{
	if (count_one(nodes, &nodes->made, like->place, err) < 0)
		return -1;
	node_append(nodes, parent, like, value);
	return 0;
}

int node_fail(struct nodes *nodes, struct ct_err *err, const char *code, struct place place, const char *format, ...)
{
	ct_autobuf shown = CT_BUF_INIT;
	char message[700];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	append_without_marks(&shown, message);
	nodes->error_place = place;
	return ct_fail(err, code, "%s:%u:%u: %s", place.file->shown, place.line, place.column, shown.data);
}

struct member *node_member(const struct node *node, const char *key)
{
	if (!node || node->kind != NODE_MAP)
		return NULL;
	for (struct member *member = node->first; member; member = member->next) {
		if (strcmp(member->key, key) == 0)
			return member;
	}
	return NULL;
}

struct node *node_get(const struct node *node, const char *key)
{
	struct member *member = node_member(node, key);

	return member ? member->value : NULL;
}

bool node_is_null(const struct node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (!node || node->tag == TAG_NULL)
		return true;
	if (node->kind != NODE_SCALAR || !node->plain || node->tag == TAG_TEXT)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(node->text, words[i]) == 0)
			return true;
	}
	return false;
}

const char *node_text(const struct node *node)
{
	return node && node->kind == NODE_SCALAR && !node_is_null(node) ? node->text : NULL;
}

/* Depth is bounded by NODE_MAX_DEPTH. */
bool node_equal(const struct node *one, const struct node *other)
{
	struct member *a, *b;

	if (one == other)
		return true;
	if (!one || !other || one->kind != other->kind || one->count != other->count)
		return false;
	if (one->kind == NODE_SCALAR)
		return node_is_null(one) == node_is_null(other) && strcmp(one->text, other->text) == 0;
	for (a = one->first, b = other->first; a && b; a = a->next, b = b->next) {
		if ((a->key && strcmp(a->key, b->key) != 0) || !node_equal(a->value, b->value))
			return false;
	}
	return true;
}

static bool is_word(const struct node *node, const char *const *words)
{
	const char *text = node_text(node);

	for (; text && *words; words++) {
		if (strcasecmp(text, *words) == 0)
			return true;
	}
	return false;
}

bool node_is_true(const struct node *node)
{
	static const char *const words[] = { "true", "yes", "y", "on", NULL };

	return is_word(node, words);
}

bool node_is_false(const struct node *node)
{
	static const char *const words[] = { "false", "no", "n", "off", NULL };

	return is_word(node, words);
}
