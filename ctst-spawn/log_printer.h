/*
 * How entries of logs are shown: what was written to standard output goes there, the rest to standard error; as lines
 * of text with a name and a time in front, as text alone, or as JSON.
 *
 * Lines come in pieces. A piece is shown at once, and the next one of its line behind it; only when something else
 * has to be shown in between is the line broken, and its rest gets a name of its own.
 */
#ifndef CTST_SPAWN_LOG_PRINTER_H
#define CTST_SPAWN_LOG_PRINTER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "ctst-spawn/log.h"

/* The beginning of a character whose rest is in the next piece. */
struct log_rest {
	char bytes[4];
	size_t length;
};

/* A container, as far as the printer is concerned. */
struct log_origin {
	const char *name;
	size_t index;            /* chooses the colour */
	struct log_rest rest[2]; /* stdout, stderr */
};

enum log_style {
	LOG_STYLE_TEXT,
	LOG_STYLE_RAW, /* text; control characters are not made visible on a terminal either */
	LOG_STYLE_JSON,
};

/* A line that is shown and has not ended. */
struct log_open_line {
	const struct log_origin *origin; /* NULL: none */
	bool is_stderr;
};

struct log_printer {
	enum log_style style;
	bool prefix, timestamps;
	int width; /* of the names */

	bool visible[2], colour[2]; /* stdout, stderr */
	bool same;                  /* both are one file, a terminal for example */
	struct log_open_line open[2];
	struct ct_buf out; /* not written yet, all for one descriptor */
	int descriptor;
};

/* `style`, `prefix`, `timestamps` and `width` are set; the rest is what the two descriptors are. */
void log_printer_init(struct log_printer *printer);

/* What is shown may wait in the printer until log_printer_flush(). -1: it cannot be written. */
int log_printer_show(struct log_printer *printer, struct log_origin *origin, const struct log_entry *entry,
		     struct ct_err *err);
int log_printer_flush(struct log_printer *printer, struct ct_err *err);

/* Nothing more will come from this container: a character that never became complete is shown as it is. */
int log_printer_end(struct log_printer *printer, struct log_origin *origin, struct ct_err *err);

/* Ends what is open, flushes and frees. */
int log_printer_finish(struct log_printer *printer, struct ct_err *err);

#endif
