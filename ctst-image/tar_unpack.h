/*
 * A tar, as it comes out of a stream: into a tree.
 *
 * libarchive takes it apart; what it only warns of or offers to read on after is an error
 * here, for the archive would be unpacked differently by somebody else. So is a tar without
 * its end mark: it may have been cut where an entry ends.
 */
#ifndef IMAGE_TAR_UNPACK_H
#define IMAGE_TAR_UNPACK_H

#include <archive.h>
#include <archive_entry.h>

#include "common/err.h"
#include "ctst-image/progress.h"
#include "ctst-image/stream.h"
#include "ctst-image/unpack.h"

struct tar_reader {
	struct archive *archive;
	struct stream *stream;     /* borrowed */
	struct progress *progress; /* NULL: none */
	int64_t entries;
	bool failed; /* *failure holds why the stream gave up */
	struct ct_err failure;
};

/* -1: I004. Released by tar_close(), also after a failure. */
int tar_open(struct tar_reader *tar, struct stream *stream, struct ct_err *err);
/* 1: an entry, valid until the next call; 0: the end mark. -1: I003 (damaged), I004 (no tar at all). */
int tar_next(struct tar_reader *tar, struct archive_entry **entry, struct ct_err *err);
/* 1: the next part of the entry's content; 0: that was all. -1: I003; `name` is the entry's, for the message. */
int tar_data(struct tar_reader *tar, const char *name, const void **bytes, size_t *size, int64_t *offset,
	     struct ct_err *err);
void tar_close(struct tar_reader *tar);

/* All entries of the stream. The stream is not finished and unpack_finish() not called. */
int tar_unpack(struct stream *stream, struct unpack *unpack, struct progress *progress, struct ct_err *err);

#endif
