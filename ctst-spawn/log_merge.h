/*
 * The next entry of several logs: the one with the earliest time, and of equal ones that of the container that stands
 * first. Within a log the order is that of the file, whatever its clock said.
 */
#ifndef CTST_SPAWN_LOG_MERGE_H
#define CTST_SPAWN_LOG_MERGE_H

#include <stddef.h>

#include "ctst-spawn/log_reader.h"

/* A heap; the readers are elements of one array, whose order decides between equal times. */
struct log_merge {
	struct log_reader **readers; /* those that have an entry */
	size_t count;
};

/* Room for as many readers. */
void log_merge_init(struct log_merge *merge, size_t most);
void log_merge_release(struct log_merge *merge);

/* The reader has an entry and is not in the heap. */
void log_merge_add(struct log_merge *merge, struct log_reader *reader);

/* Takes the reader with the next entry out; NULL when there is none. */
struct log_reader *log_merge_take(struct log_merge *merge);

#endif
