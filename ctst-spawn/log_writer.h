/*
 * Writing a container's log: what comes out of its pipes becomes entries (log.h), in files that are
 * rotated by size.
 *
 * The payload is never kept waiting for more than a write to a file. A log that cannot be written, because the disk
 * is full for example, loses text, and says how much as soon as it can be written again. No memory is allocated,
 * however long a line is: a line is cut wherever a read ends, and its pieces are marked.
 */
#ifndef CTST_SPAWN_LOG_WRITER_H
#define CTST_SPAWN_LOG_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "ctst-spawn/log.h"

struct log_writer {
	int directory; /* of the container; not owned */
	int file;      /* -1: not open */
	off_t size;
	off_t limit;      /* of one file; the end of a line may go beyond it */
	off_t rotate_at;  /* the limit, or a bit more where that has failed */
	bool torn;        /* the file ends in a piece of an entry that could not be taken back */
	bool inside[2];   /* stdout, stderr: the last entry that was written is partial */
	uint64_t lost;    /* bytes of output that could not be written, and no entry says so yet */
	int lost_because; /* errno of the last failure */
};

/* One of the two streams of one run of the container. */
struct log_stream {
	int input; /* the pipe the payload writes to; -1 after its end */
	bool is_stderr;
	bool begun; /* something of this run is in the log */
};

/* Opens `directory`'s log, which exists, for appending. -1 with errno. */
int log_writer_open(struct log_writer *writer, int directory);

/*
 * Reads what is there (once, so that a flood cannot keep the caller) and appends it to the log. At the end of the
 * stream the input is closed. Returns false when there was nothing to read.
 */
bool log_copy(struct log_stream *stream, struct log_writer *writer);

/* What is in the pipe at this moment, and no more: its writer may live, outside of the container, and go on writing. */
void log_drain(struct log_stream *stream, struct log_writer *writer);

/* Gives the memory of the buffer back until it is used again. */
void log_writer_give_back(void);

/* Says what was lost, if that is still to be said. false: it cannot be written yet. */
bool log_writer_settle(struct log_writer *writer);

#endif
