/*
 * A file read once: hashed and decompressed by a thread of its own, while the caller takes what comes out.
 *
 *	read → hash (source digest) → copy → decompress → hash (content digest) ┃ a few chunks ┃ → stream_read()
 *	read → hash                                                             ┃ a few chunks ┃ → copy → stream_read()
 *
 * The caller: 1. stream_open. 2. stream_read as long as it wants. 3. stream_finish, which goes on to the end,
 * for what follows the last thing of interest belongs to the digests all the same. 4. stream_close, always.
 */
#ifndef IMAGE_STREAM_H
#define IMAGE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/digest.h"
#include "common/err.h"
#include "ctst-image/decompress.h"

struct stream;

struct stream_plan {
	int fd;           /* a regular file, read from its beginning with pread(2); borrowed */
	const char *name; /* of it, for messages */
	int copy_fd;      /* gets the bytes as they are read, complete after stream_finish(); -1: none */
	bool plain_copy;  /* … those of xz decompressed, for no layer may be xz (layer.md, media types) */
	bool as_it_is;    /* do not decompress */
	bool hash;        /* find the digests */
};

/* What is known at the end. */
struct stream_facts {
	enum compression compression;
	int64_t source_bytes;
	int64_t content_bytes;
	char source_digest[CT_DIGEST_LENGTH + 1];  /* of the file */
	char content_digest[CT_DIGEST_LENGTH + 1]; /* of what it holds; the same when it is not compressed */
};

/* NULL: I003 (cannot be read), I004 (a compression that is not read here). */
struct stream *stream_open(const struct stream_plan *plan, struct ct_err *err);

/* The next bytes, valid until the next call. 0 at the end; -1 (I003, or a signal came). */
ssize_t stream_read(struct stream *stream, const void **bytes, struct ct_err *err);

/* Bytes that stream_read() has given out so far, and those of the file that were read for them or ahead of them. */
int64_t stream_given(const struct stream *stream);
int64_t stream_taken(const struct stream *stream);

int stream_finish(struct stream *stream, struct stream_facts *facts, struct ct_err *err);

/* NULL is accepted. */
void stream_close(struct stream *stream);

#endif
