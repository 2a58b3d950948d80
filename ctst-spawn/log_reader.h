/*
 * Reading the log of one container, entry by entry, over all its files and while it is written.
 *
 * A reader takes whole entries only, begins with the oldest file or where log_reader_tail() has put it, and goes on
 * with the next file when the one that it reads was rotated and is read to its end. Its memory is one chunk.
 */
#ifndef CTST_SPAWN_LOG_READER_H
#define CTST_SPAWN_LOG_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "ctst-spawn/log.h"
#include "ctst-spawn/log_tail.h"

struct log_reader {
	const char *directory; /* of the container; not owned */
	size_t chunk;
	int file;             /* -1: there is no log yet */
	int next;             /* the file after it, when there is one; -1 else */
	off_t offset;         /* of `text` in the file */
	struct ct_buf text;   /* what was read */
	size_t position;      /* in it, of the next entry */
	bool in_endless_line; /* what comes up to the next newline is no entry */
	uint64_t skip[2];     /* stdout, stderr: entries that log_reader_tail() wants to be passed over */
	int64_t left;         /* bytes until the end of what is to be read; INT64_MAX: no end */
	bool missed; /* files were rotated away or emptied unread, perhaps; whoever tells it sets it to false */
	int failure; /* errno of what keeps it from reading; 0 */

	struct log_entry entry; /* valid while has_entry and until the next call */
	bool has_entry;         /* `entry` waits to be shown; whoever has shown it sets it to false */
};

/* `chunk`: how much it reads at a time, at least 4096 bytes. */
void log_reader_init(struct log_reader *reader, const char *directory, size_t chunk);

/* Before the first entry is read: begins where the last `lines` lines that are in the range do. */
void log_reader_tail(struct log_reader *reader, uint64_t lines, const struct log_range *range);

/* What is written from now on is not read. */
void log_reader_stop_here(struct log_reader *reader);

/*
 * Makes the next entry present if there is one. Lines that are no entries are passed over. false: nothing more for now;
 * when `failure` is set, for ever.
 */
bool log_reader_next(struct log_reader *reader);

/* Closes the file and gives back the memory. It cannot be read any more. */
void log_reader_close(struct log_reader *reader);

#endif
