/*
 * Bytes on their way from one descriptor to another, as many at a time as a buffer holds. Nothing here waits: what a
 * stream can do next is asked of poll(2). One side is ctst-exec's own and does not block; the other is the
 * caller's, whose flags belong to others as well (O_NONBLOCK is the open file's, see open(2)) and are left alone.
 */
#ifndef CTST_SPAWN_EXEC_STREAM_H
#define CTST_SPAWN_EXEC_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define STREAM_SIZE ((size_t)1 << 16)

struct stream {
	int from, to;
	bool from_open;    /* more may come */
	bool to_open;      /* somebody takes it */
	size_t at_a_time;  /* that `to` takes without blocking once poll(2) says that it takes any */
	size_t most;       /* bytes that are still read at most */
	size_t start, end; /* of what has been read and not yet written */
	int read_failure;  /* errno of what ended it before its end; 0: nothing */
	int write_failure;
	char bytes[STREAM_SIZE];
};

/* Descriptor -1: there is nothing to read or nobody to write to. Nothing is owned. */
void stream_init(struct stream *stream, int from, int to);

/* What it waits for; fd -1 when it is over. */
struct pollfd stream_watch(const struct stream *stream);

/* Reads or writes once, when poll(2) has found stream_watch() ready. */
void stream_move(struct stream *stream);

/* Nothing will be read any more, and all that was read has been written, or nobody takes it. */
bool stream_is_over(const struct stream *stream);

/* Over now, whatever there would still be. */
void stream_close(struct stream *stream);

/* The last byte that was read; '\n' before there was one. */
char stream_last_byte(const struct stream *stream);

/* Writes these at most STREAM_SIZE bytes as the last ones; only when stream_is_over() and somebody still takes any. */
void stream_add(struct stream *stream, const char *bytes, size_t length);

/* Does not begin to read any more than what is in its pipe or terminal now: others may go on writing for ever. */
void stream_finish(struct stream *stream);

#endif
