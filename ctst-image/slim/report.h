/* What is in a slim image, why, and what may be missing: for a person or as a ctst.slim/1 document. */
#ifndef SLIM_REPORT_H
#define SLIM_REPORT_H

#include "ctst-image/slim/slim.h"

struct report {
	const char *image; /* the reference it is stored under; NULL: it was not made */
	int64_t whole;     /* bytes of all files of the root it was taken from; -1: not counted */
};

/* Appends the report. -1 with the writer's error. */
int report_format(struct ct_buf *out, const struct slim *slim, const struct report *report, bool json,
		  struct ct_err *err);

/* What may be missing, on stderr: a few warnings, then a number, and one line of libraries. */
void report_warn(const struct slim *slim);

/* Whether the note still says something: what it speaks of may have been taken after it was made. */
bool report_note_matters(const struct slim *slim, const struct slim_note *note);

/* Bytes of all regular files below the root; those with several names count once. -1: I003. */
int64_t report_count_root(int root, struct ct_err *err);

#endif
