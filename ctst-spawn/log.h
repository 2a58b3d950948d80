/*
 * The container's log: files with one entry a line
 *
 *	2026-01-02T03:04:05.123456789Z stdout F text
 *
 * as the Kubernetes container runtime interface has it (kubernetes/design-proposals,
 * "CRI: Log management"). P instead of F: the line goes on in the next entry of its stream.
 *
 * container.log is being written; container.log.1 is the one before it, and so on. An entry is in
 * one file as a whole, and a file that has a number is not written to any more.
 */
#ifndef CTST_SPAWN_LOG_H
#define CTST_SPAWN_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_FILE "container.log"
#define LOG_FILES 5              /* with the one that is being written */
#define LOG_FILE_SIZE (10 << 20) /* before the end of its last line */
#define LOG_LONGEST_TEXT 16384   /* of one entry; as containerd's max_container_log_line_size */
#define LOG_HEADER 40            /* what is in front of the text */

/* The name of a file of a log, 0 for the one that is being written; valid until the next call with another index. */
const char *log_file_name(int index);

/* One entry; the slices point into the line. */
struct log_entry {
	const char *time; /* CT_TIME_LENGTH characters, which sort like the times themselves */
	bool is_stderr;
	bool partial;
	const char *text;
	size_t length;
};

/* Takes a line without its newline apart. false: not an entry of a log. */
bool log_parse(const char *line, size_t length, struct log_entry *entry);

#endif
