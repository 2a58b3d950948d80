/*
 * Where the last lines of a log begin: found backwards, so that what lies before is not read.
 *
 * A line is an entry that ends one, with the partial entries of its stream in front of it; between them there may be
 * entries of the other stream that belong to lines which are not wanted. Those are counted, for the reader to skip.
 */
#ifndef CTST_SPAWN_LOG_TAIL_H
#define CTST_SPAWN_LOG_TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ctst-spawn/log.h"

struct log_tail {
	uint64_t lines;   /* that are still to be found */
	uint64_t skip[2]; /* stdout, stderr: entries behind the beginning that are not to be shown */

	bool seen[2];       /* an entry of the stream was met */
	bool unfinished[2]; /* the line of the last entry that was taken may have begun earlier */
	uint64_t passed[2]; /* entries met since the last one that was taken */
	off_t budget;       /* how far to look for the beginning of a line; bytes */
};

/* Only lines that end within these times (as in the log, "" for no bound) count. */
struct log_range {
	char since[32], until[32];
};

bool log_range_has(const struct log_range *range, const struct log_entry *entry);

/* The entry before the last one that was given. true: what is to be shown begins here, or later only by `skip`. */
bool log_tail_take(struct log_tail *tail, const struct log_range *range, const struct log_entry *entry);

/* No entry in front of the last one needs to be looked at. */
bool log_tail_is_done(const struct log_tail *tail);

/*
 * Gives the entries of a file to log_tail_take(), the last one first, until it is done. *begin becomes the place of the
 * last entry that it took; it is left alone when there was none.
 */
void log_tail_scan(struct log_tail *tail, const struct log_range *range, int file, off_t *begin);

/* Behind the last whole entry of a file. */
off_t log_tail_end(int file);

#endif
