/*
 * The .ctst text to be, in parts that can be taken out one by one: what the parser's checks refuse becomes a comment.
 *
 * A part has the text that will stand in the file, and the key of the compose file that it came from.
 */
#ifndef CTST_CONVERT_OUTPUT_H
#define CTST_CONVERT_OUTPUT_H

#include "ctst-parse/convert/convert.h"
#include "ctst-parse/properties.h"

#define OUTPUT_MAX_PARTS 1000000 /* of one result; what goes beyond them is not added, and the writing fails */

struct part {
	struct part *next;
	const char *text;       /* `"./x:/y"`, `KEY = "value"`, `CONNECT a -> b` */
	const char *own_volume; /* of a volume without a name: what stands behind the name that each copy gives it */
	const char *secret;     /* a value that is kept out of the file; the text is made in the end (secrets.h) */
	struct subject subject;
	struct cause cause;
	bool dropped;
};

enum shape {
	SHAPE_ONE,  /* key = value */
	SHAPE_LIST, /* key = [a, b] */
	SHAPE_MAP,  /* key = {, then a line each */
};

struct parts {
	struct part *first, *last;
	size_t count;
};

struct output_property {
	enum shape shape;
	bool is_full; /* an entry has been refused because there were too many */
	struct parts parts;
	struct part whole; /* stands for all parts together: brackets, key */
};

struct comment {
	struct comment *next;
	const char *text;
};

struct output_component {
	struct output_component *next;
	const char *name;
	const char *original; /* the name of the component that this one is a copy of; its own if it is none */
	struct comment *comments, *last_comment;            /* in front of the first property */
	struct output_property *properties[PROPERTY_COUNT]; /* NULL: not set */
	struct part whole;
};

struct output {
	struct ct_arena *arena;
	struct report *report;
	struct comment *comments, *last_comment; /* at the head of the file */
	struct output_component *first, *last;
	size_t component_count;
	struct parts connections, exposures;
	size_t part_count;
};

struct output_component *output_component(struct output *output, const char *name, struct subject subject,
					  struct cause cause);

/* Adds to a property. A text with a carriage return, which no .ctst file can hold, is a loss at once; then NULL. */
struct part *output_add(struct output *output, struct output_component *component, enum property_id id,
			enum shape shape, struct cause cause, const char *text);

/*
 * `id = "value"`, and an item of a list. Only env may hold secrets: with one in it, elsewhere, the text is a loss at once; then
 * NULL.
 */
struct part *output_text(struct output *output, struct output_component *component, enum property_id id,
			 enum shape shape, struct cause cause, const char *value);

/* The loss of a text with the value of a secret in it. */
void output_lose_secret(struct output *output, struct subject subject, struct cause cause, const char *text);

/* A CONNECT or EXPOSE line. */
void output_statement(struct output *output, struct parts *parts, struct subject subject, struct cause cause,
		      const char *text);

void output_comment(struct ct_arena *arena, struct comment **first, struct comment **last, const char *text);

/* Whether there are too many parts: going on is in vain. */
static inline bool output_is_full(const struct output *output)
{
	return output->part_count >= OUTPUT_MAX_PARTS;
}

/* A component's copy under another name: parts are copied, so that each can be dropped by itself. */
struct output_component *output_copy(struct output *output, const struct output_component *original, const char *name);

/* The string as the language writes it. `${` is kept when `template`. */
void append_quoted(struct ct_buf *out, const char *text, bool template);
const char *quoted(struct ct_arena *arena, const char *text);

/* Where a part stands in the text. */
struct extent {
	size_t begin, end;
	struct part *part;
	struct output_property *property; /* of which it is the whole, or NULL */
};

struct extents {
	struct extent *items; /* owned */
	size_t count, capacity;
};

/* -1 with E020 when the text becomes too large. */
int output_write(const struct output *output, struct ct_buf *out, struct extents *extents, struct ct_err *err);

#endif
