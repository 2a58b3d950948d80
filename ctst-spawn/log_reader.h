/*
 * Reading logs: several files merged by time, then followed.
 *
 * A container's supervisor appends; a reader takes whole lines only and remembers
 * where it stopped. Memory is bounded by a chunk per container, whatever the size of
 * the logs.
 */
#ifndef CTST_SPAWN_LOG_READER_H
#define CTST_SPAWN_LOG_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "ctst-spawn/log.h"

struct log_reader {
	int fd;             /* -1: there is no log yet */
	struct ct_buf text; /* what was read */
	size_t position;    /* of the next line in it */
	struct log_entry entry;
	bool has_entry; /* `entry` waits to be printed */
};

/* Opens `<directory>/container.log`; a missing one can be tried again. */
void log_reader_open(struct log_reader *reader, const char *directory);

/* Makes the next entry present if there is one. Lines that are no log lines are passed over. */
bool log_reader_next(struct log_reader *reader);

/* Goes to where the last `lines` lines of the log begin. */
void log_reader_tail(struct log_reader *reader, uint64_t lines);

void log_reader_close(struct log_reader *reader);

#endif
