/*
 * The container's log: one file, each line
 *
 *	2026-01-02T03:04:05.123456789Z stdout F text
 *
 * as the Kubernetes container runtime interface has it (kubernetes/design-proposals,
 * "CRI: Log management"). P instead of F: the line goes on in the next entry of its stream.
 */
#ifndef CTST_SPAWN_LOG_H
#define CTST_SPAWN_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_FILE "container.log"

struct log_stream {
	const char *name; /* "stdout" or "stderr" */
	int input;        /* the pipe the payload writes to; -1 after its end */
};

/*
 * Reads what is there (once, so that a flood cannot keep the caller) and appends it to
 * `log`, one write per call. At the end of the stream it closes the input. A log that
 * cannot be written (a full disk) loses the text, never the payload.
 * Returns false when there was nothing to read.
 */
bool log_copy(struct log_stream *stream, int log);

/* One entry of a log as ctst-logs reads it; the slices point into the line. */
struct log_entry {
	const char *time;
	size_t time_length;
	bool is_stderr;
	bool partial;
	const char *text;
	size_t length;
};

/* Takes a line without its newline apart. false: not a log line. */
bool log_parse(const char *line, size_t length, struct log_entry *entry);

#endif
