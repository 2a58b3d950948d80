/*
 * What a file says, before anybody asks what it means: components with their
 * properties as generic values, connections, exposed ports, imports, each with its
 * place. The checks (check.h) come afterwards and read only this; in between
 * the properties of parents are merged in (inherit.h).
 *
 * Everything lives in the arena of the parse; texts may point into the source.
 */
#ifndef CTST_PARSE_AST_H
#define CTST_PARSE_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/names.h"
#include "common/template.h"
#include "ctst-parse/sources.h"

#define LIST_MAX_ITEMS 4096
#define COMPONENTS_MAX 200000
#define EXPOSURES_MAX 131072 /* every port of the host once, tcp and udp */
/* A list in a map (healthcheck) is the deepest that means anything. */
#define VALUE_MAX_DEPTH 2

enum value_kind {
	VALUE_STRING,
	VALUE_INTEGER,
	VALUE_BOOLEAN,
	VALUE_LIST,
	VALUE_MAP,
};

struct entry;

struct value {
	uint8_t kind;      /* enum value_kind */
	bool damaged;      /* a problem in it has been reported: nothing more is said about it */
	bool has_template; /* STRING: "${" is in it */
	uint32_t length;   /* STRING: bytes; LIST and MAP: entries */
	struct span span;  /* of a LIST or MAP the opening bracket */
	union {
		const char *text; /* not terminated */
		int64_t integer;
		bool boolean;
		struct entry *first;
	};
};

/* A property, a member of a map, or (without a key) an item of a list. */
struct entry {
	struct entry *next;
	const char *key; /* not terminated */
	uint32_t key_length;
	uint8_t property; /* enum property_id of a component's property */
	bool key_quoted;
	bool inherited; /* from a parent; its spans say from which */
	struct span key_span;
	struct value value;
};

/* FROM [scope.]name */
struct parent {
	struct ct_slice scope; /* length 0: none */
	struct ct_slice name;
	struct span scope_span, name_span;
	struct component *component; /* NULL: not found, or no need to look; set by inherit.h */
};

enum inheritance {
	INHERITANCE_NOT_LOOKED_AT,
	INHERITANCE_IN_PROGRESS,
	INHERITANCE_DONE,
};

struct component {
	struct ct_slice name;
	struct span span;         /* of the name */
	struct entry *properties; /* known ones, each at most once, in the order of the file */
	struct entry *last;
	struct parent *parent; /* NULL: no FROM */
	uint32_t present;      /* bit 1 << property_id */
	bool damaged;          /* its body was not closed: what is in it may belong elsewhere */
	bool has_unknown;      /* one of its properties is not known: perhaps the one that is missing */
	bool is_used;          /* a CONNECT, an EXPOSE or an interpolation is about it; set by the checks */
	/* Set by inherit.h. */
	bool is_incomplete;  /* something of its parents is not known, which has been said */
	bool is_parent;      /* of a component of the same file */
	bool is_template;    /* never deployed */
	uint8_t inheritance; /* enum inheritance */
	uint8_t depth;       /* parents above it */
	uint64_t weight;     /* about how many bytes its properties are in the composition */
};

/* IMPORT "path" [AS alias] */
struct import {
	struct ct_slice path;
	struct ct_slice alias; /* length 0: none */
	struct ct_slice stem;  /* the file's name without directory and ".ctst" */
	struct span path_span, alias_span;
	bool damaged;
	bool is_used;
	struct composition *file; /* NULL: could not be read, which has been said */
};

#define NO_COMPONENT UINT32_MAX

struct connection {
	struct ct_slice from_name, to_name;
	struct span span; /* of the word CONNECT */
	struct span from_span, to_span;
	uint32_t from, to; /* index or NO_COMPONENT; set by the checks */
	bool duplicate;    /* said before, or to itself; set by the checks */
};

struct exposure {
	struct span span;             /* of the word EXPOSE */
	struct value host, container; /* integers; container.kind VALUE_STRING: only one number was given */
	bool is_text;                 /* EXPOSE "ADDR:HOST:CONTAINER/udp": host is that string */
	bool has_container;
	struct ct_slice component_name;
	struct span component_span;
	bool has_component;
	/* Set by the checks. */
	struct ct_slice address; /* length 0: none */
	uint16_t host_port, container_port;
	bool is_udp;
	uint32_t component;
};

/* A file; the one that was named becomes the composition. */
struct composition {
	const struct source *source;
	const struct sources *sources; /* all files: a value that was inherited comes from another one */
	struct component *components;
	size_t component_count, component_capacity;
	struct ct_names names; /* of components */
	struct connection *connections;
	size_t connection_count, connection_capacity;
	struct exposure *exposures;
	size_t exposure_count, exposure_capacity;
	struct import *imports;
	size_t import_count, import_capacity;
	struct composition *importer; /* while its imports are read: the file it was met in first */
	bool is_being_read;
	const struct composition *seen_by; /* scope.c: whose names it has been added to last */
};

/* NULL when the property is not set. */
struct entry *component_property(const struct component *component, uint8_t property);

/*
 * The component that `word` is probably a slip of, or NULL; owned by the caller. At most the first thousand similar
 * names are compared.
 */
char *composition_suggest(const struct composition *composition, struct ct_slice word);

/* The file that a value's place is in. */
static inline const struct source *composition_source(const struct composition *composition, struct span span)
{
	return sources_find(composition->sources, span.offset);
}

/* Frees what is not in the arena. */
void composition_release(struct composition *composition);

static inline struct ct_slice value_text(const struct value *value)
{
	return (struct ct_slice){ value->text, value->length };
}

static inline struct ct_slice entry_key(const struct entry *entry)
{
	return (struct ct_slice){ entry->key, entry->key_length };
}

#endif
