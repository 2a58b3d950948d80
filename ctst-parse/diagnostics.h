/*
 * The problems of a file, collected while it is read and printed in the end, in
 * the order of their places.
 *
 * At most DIAGNOSTICS_KEPT errors and as many warnings are kept: those that come
 * first in the file, whatever the order they are found in. Making one returns NULL
 * when it is not kept, so that a costly suggestion is only looked for when somebody
 * will read it.
 */
#ifndef CTST_PARSE_DIAGNOSTICS_H
#define CTST_PARSE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/template.h"
#include "ctst-parse/source.h"

#define DIAGNOSTICS_KEPT 50

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
};

struct diagnostic {
	enum severity severity;
	const char *code; /* static; "" for a warning that the catalogue does not number */
	const struct source *source;
	struct span span;
	size_t sequence; /* keeps the order of those at one place */
	char *message;   /* owned; lower case, no full stop */
	char *hint;      /* owned; NULL: none */
};

struct diagnostic_list {
	struct diagnostic items[DIAGNOSTICS_KEPT];
	size_t kept;
	size_t total;
	size_t last; /* index of the one with the greatest place, once the list is full */
};

struct diagnostics {
	const struct source *source; /* of what is reported next */
	struct diagnostic_list errors;
	struct diagnostic_list warnings;
	struct span *secrets; /* shown as "***" wherever a line is printed; ascending */
	size_t secret_count;
	size_t secret_capacity;
};

/*
 * The returned diagnostic is valid until the next one is made; NULL: not kept.
 * Text from the file is passed with "%.*s" and SHOWN().
 */
struct diagnostic *diagnostics_add(struct diagnostics *all, enum severity severity, const char *code, struct span span,
				   const char *format, ...) __attribute__((format(printf, 5, 6)));
#define diagnostics_error(all, ...) diagnostics_add((all), SEVERITY_ERROR, __VA_ARGS__)
#define diagnostics_warning(all, ...) diagnostics_add((all), SEVERITY_WARNING, __VA_ARGS__)

/* Says what to write instead. Does nothing for NULL; the first hint stays. */
void diagnostic_hint(struct diagnostic *diagnostic, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "did you mean 'x'?" when `suggestion` is not NULL. */
void diagnostic_did_you_mean(struct diagnostic *diagnostic, const char *suggestion);

/* What stands at the span is never printed. Spans come in ascending order. */
void diagnostics_hide(struct diagnostics *all, struct span span);

/* Sorted by place; returns how many of `sorted` (room for 2 * DIAGNOSTICS_KEPT) are filled. */
size_t diagnostics_sort(const struct diagnostics *all, const struct diagnostic **sorted);

void diagnostics_release(struct diagnostics *all);

/* For "%.*s": names in messages are cut at a length that a person can read. */
int shown_length(struct ct_slice slice);
#define SHOWN(slice) shown_length(slice), (slice).text

#endif
