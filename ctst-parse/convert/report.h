/*
 * What a conversion has to tell: what could not be carried over (losses), what a person should know about the result
 * (notes), and what was odd in the input (warnings). Nothing is dropped without a line here.
 */
#ifndef CTST_CONVERT_REPORT_H
#define CTST_CONVERT_REPORT_H

#include "ctst-parse/convert/node.h"

#define REPORT_MAX_FINDINGS 100000 /* more are only counted */

enum finding_kind {
	FINDING_LOSS,
	FINDING_NOTE,
	FINDING_WARNING,
};

/* Whom it is about: { "service", "web" }, { "volume", "data" }; kind NULL: the file as a whole. */
struct subject {
	const char *kind;
	const char *name;
};

/* What it is about: a key, and (NULL: all of it) which entry of its list or map. */
struct cause {
	struct place place;
	const char *key;
	const char *entry;
};

struct finding {
	enum finding_kind kind;
	struct subject subject;
	struct cause cause;
	const char *reason; /* lower case, no full stop; says what to do where there is something */
};

struct report {
	struct ct_arena *arena; /* all texts live there */
	struct finding *items;  /* owned */
	size_t count;
	size_t losses;
};

void report_loss(struct report *report, struct subject subject, struct cause cause, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void report_note(struct report *report, struct subject subject, struct cause cause, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void report_warning(struct report *report, struct cause cause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "compose.yaml:12:5: service 'web': 'dns' is left out: …", a line each; losses only when `quiet`. */
void report_write_text(const struct report *report, bool quiet, struct ct_buf *out);

/* The same as NDJSON: severity, service (or volume, network …), key, entry, reason, file, line, column. */
void report_write_json(const struct report *report, bool quiet, struct ct_buf *out);

void report_release(struct report *report);

/* Appends text in which nothing steers a terminal: control characters become '?'. */
void append_shown(struct ct_buf *out, const char *text, size_t most);

#endif
