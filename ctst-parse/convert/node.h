/*
 * What a compose file says, before anybody asks what it means: text, lists and maps, each with its place.
 *
 * Everything lives in one arena. Once the tree of a file is built (documents.h, expand.h) its nodes are not changed any more:
 * merging makes new maps and lists that share what they have in common.
 */
#ifndef CTST_CONVERT_NODE_H
#define CTST_CONVERT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

#define NODE_MAX_DEPTH 64
#define NODE_MAX_COUNT 1000000 /* that the files have; and again of what aliases, merging and extending make of them */

struct compose_file {
	const char *shown;     /* as the person gave it */
	const char *path;      /* absolute; what tells two files apart */
	const char *directory; /* absolute: what relative paths in it begin at */
};

struct place {
	const struct compose_file *file;
	uint32_t line, column; /* from 1 */
};

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
	NODE_ALIAS, /* only before expansion */
};

enum node_tag {
	TAG_NONE,
	TAG_TEXT,     /* !!str */
	TAG_NULL,     /* !!null */
	TAG_RESET,    /* !reset: the value of the files before is removed */
	TAG_OVERRIDE, /* !override: it is replaced, not merged */
	TAG_UNKNOWN,
};

struct member;

struct node {
	uint8_t kind; /* enum node_kind */
	uint8_t tag;  /* enum node_tag */
	bool plain;   /* SCALAR: without quotes and without variables, so that YAML gives it a type */
	bool visited; /* while it is read, for aliases; later, when resets have been taken out */
	uint32_t count;
	struct place place;
	union {
		const char *text; /* SCALAR: NUL-terminated, holds no NUL itself */
		struct member *first;
		const struct node *target; /* ALIAS */
	};
	struct member *last;
};

/* An entry of a map, or (key NULL) an item of a list. */
struct member {
	struct member *next;
	const char *key;
	bool key_plain;
	struct place place; /* of the key, or of the item */
	struct node *value;
};

/* Of NULL and of text there is none. */
static inline struct member *node_first(const struct node *node)
{
	return node && node->kind != NODE_SCALAR ? node->first : NULL;
}

#define node_each(item, node) for (struct member *item = node_first(node); item; item = item->next)

/* Where nodes come from. */
struct nodes {
	struct ct_arena *arena;
	size_t read;              /* nodes of files */
	size_t made;              /* nodes, and entries of lists and maps, that were put together of them */
	size_t interpolated;      /* bytes that variables have been put into */
	struct place error_place; /* of the last node_fail() */
};

/* A node as it stands in a file. NULL with E020 when there are too many. */
struct node *node_read(struct nodes *nodes, enum node_kind kind, struct place place, struct ct_err *err);

/* A node that is put together. NULL with E020 when there are too many. */
struct node *node_new(struct nodes *nodes, enum node_kind kind, struct place place, struct ct_err *err);

/* Adds to the end of a list or map. */
void node_append(struct nodes *nodes, struct node *parent, const struct member *like, struct node *value);

/* The same, with a value that stands elsewhere, too; counted like a node. -1 with E020. */
int node_share(struct nodes *nodes, struct node *parent, const struct member *like, struct node *value,
	       struct ct_err *err);

/* "file:line:column: " in front of the message, and the place kept in *nodes. Always -1. */
int node_fail(struct nodes *nodes, struct ct_err *err, const char *code, struct place place, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The member of a map; NULL when there is none, or `node` is NULL or no map. */
struct member *node_member(const struct node *node, const char *key);
/* Its value. */
struct node *node_get(const struct node *node, const char *key);

/* No value at all: `key:`, `~`, null. */
bool node_is_null(const struct node *node);

/* The text of a scalar; NULL for NULL, for null, and for lists and maps. */
const char *node_text(const struct node *node);

/* Whether the two say the same. */
bool node_equal(const struct node *one, const struct node *other);

/* true, yes, on and the like. */
bool node_is_true(const struct node *node);
bool node_is_false(const struct node *node);

#endif
