/*
 * The problems of a composition, collected while its files are read and printed in the end, in
 * the order of their places.
 *
 * At most DIAGNOSTICS_KEPT errors and as many warnings are kept: those that come
 * first, whatever the order they are found in. Making one returns NULL
 * when it is not kept, so that a costly suggestion is only looked for when somebody
 * will read it. What is said of one place once is not said again: a value may be checked
 * for every component that inherits it.
 */
#ifndef CTST_PARSE_DIAGNOSTICS_H
#define CTST_PARSE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/template.h"
#include "ctst-parse/sources.h"

#define DIAGNOSTICS_KEPT 50

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
};

struct diagnostic {
	enum severity severity;
	const char *code; /* static; "" for a warning that the catalogue does not number */
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
	const struct sources *sources;
	struct ct_slice
		inheritor; /* the component that has inherited the value that is being checked; length 0: none */
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

/* The hint "<words> line 4", or "<words> other.ctst:4" when that place is in another file. */
void diagnostic_hint_place(struct diagnostic *diagnostic, const struct diagnostics *all, struct span place,
			   const char *format, ...) __attribute__((format(printf, 4, 5)));

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
