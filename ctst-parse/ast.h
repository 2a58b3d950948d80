/*
 * What a file says, before anybody asks what it means: components with their
 * properties as generic values, connections, exposed ports, imports, each with its
 * place. The checks (check.h) come afterwards and read only this, so that properties
 * of a parent can be merged in between.
 *
 * Everything lives in the arena of the parse; texts may point into the source.
 */
#ifndef CTST_PARSE_AST_H
#define CTST_PARSE_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/names.h"
#include "common/template.h"
#include "ctst-parse/source.h"

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
	struct span key_span;
	struct value value;
};

struct component {
	struct ct_slice name;
	struct span span;         /* of the name */
	struct entry *properties; /* known ones, each at most once, in the order of the file */
	struct entry *last;
	uint32_t present; /* bit 1 << property_id */
	bool has_parent;  /* FROM was given */
	bool damaged;     /* its body was not closed: what is in it may belong elsewhere */
	bool has_unknown; /* one of its properties is not known: perhaps the one that is missing */
	bool is_template; /* required_params: never deployed; set by the checks */
	bool is_used;     /* a CONNECT, an EXPOSE or an interpolation is about it; set by the checks */
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

struct composition {
	const struct source *source;
	struct component *components;
	size_t component_count, component_capacity;
	struct ct_names names; /* of components */
	struct connection *connections;
	size_t connection_count, connection_capacity;
	struct exposure *exposures;
	size_t exposure_count, exposure_capacity;
};

/* NULL when the property is not set. */
struct entry *component_property(const struct component *component, uint8_t property);

/*
 * The component that `word` is probably a slip of, or NULL; owned by the caller. At most the first thousand similar
 * names are compared.
 */
char *composition_suggest(const struct composition *composition, struct ct_slice word);

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
