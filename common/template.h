/*
 * `${…}` in strings: one scanner for the parser (checks), the plan (components)
 * and the supervisor (secrets and environment).
 *
 *	${component.host|port|connection_string}   ${secret.name}   ${env.NAME}   ${env.NAME:-default}
 *	$${   a literal ${
 *
 * There is no nesting. A `$` before anything else is itself.
 */
#ifndef CT_TEMPLATE_H
#define CT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/buf.h"

enum ct_template_kind {
	CT_TEMPLATE_END,
	CT_TEMPLATE_LITERAL,   /* text; of `$${` just `${` */
	CT_TEMPLATE_COMPONENT, /* name, field */
	CT_TEMPLATE_SECRET,    /* name */
	CT_TEMPLATE_ENV,       /* name, and fallback when has_fallback */
	CT_TEMPLATE_BROKEN,    /* problem says why; scanning cannot go on */
};

struct ct_slice {
	const char *text; /* not terminated */
	size_t length;
};

struct ct_template_part {
	enum ct_template_kind kind;
	size_t offset;          /* bytes from the string's begin to this part's first byte */
	struct ct_slice source; /* the part as it was written, `${…}` included */
	struct ct_slice text;   /* LITERAL */
	struct ct_slice name;
	struct ct_slice field;    /* COMPONENT */
	struct ct_slice fallback; /* ENV */
	bool has_fallback;
	const char *problem; /* BROKEN: static text, e.g. "unclosed ${" */
};

struct ct_template {
	const char *text;
	size_t length;
	size_t position;
};

static inline struct ct_template ct_template_start(const char *text, size_t length)
{
	return (struct ct_template){ .text = text, .length = length };
}

/* The next part; CT_TEMPLATE_END behind the last one. Never allocates; the slices point into the text. */
struct ct_template_part ct_template_next(struct ct_template *template);

bool ct_slice_is(struct ct_slice slice, const char *text);

static inline struct ct_slice ct_slice_of(const char *text)
{
	return (struct ct_slice){ text, strlen(text) };
}

/* Appends text so that a later expansion gives it back unchanged: `${` becomes `$${`. */
void ct_template_quote(struct ct_buf *out, const char *text);

#endif
