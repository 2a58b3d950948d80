/*
 * A tar that is written: to a file that appears when it is complete, or to standard output. Its headers are those of the
 * canonical tar (ctst-image/canonical.h), so that the same image gives the same bytes.
 */
#ifndef IMAGE_EXPORT_ARCHIVE_H
#define IMAGE_EXPORT_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctst-image/fetch_file.h"
#include "ctst-image/progress.h"

struct archive_out {
	bool to_file;
	struct fetch_file file; /* else standard output */
	int64_t left;           /* of the entry that is being written */
	int64_t size;           /* of that entry */
	int64_t read;           /* bytes of the store so far, for the progress */
	struct progress progress;
};

/* `path` NULL: standard output. -1: no code. */
int archive_start(struct archive_out *archive, const char *path, struct ct_err *err);

int archive_directory(struct archive_out *archive, const char *name, struct ct_err *err);
/* A whole file. */
int archive_bytes(struct archive_out *archive, const char *name, const void *bytes, size_t length, struct ct_err *err);
/* A file in parts: begin, exactly `size` bytes, end. -1 also when they are more or fewer (I002). */
int archive_file_begin(struct archive_out *archive, const char *name, int64_t size, struct ct_err *err);
int archive_file_part(struct archive_out *archive, const void *bytes, size_t length, struct ct_err *err);
int archive_file_end(struct archive_out *archive, struct ct_err *err);

/* The end mark; the file gets its name. `digest` is that of a file, "" of standard output. */
int archive_finish(struct archive_out *archive, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err);
/* Always. What was not finished vanishes. */
void archive_release(struct archive_out *archive);

#endif
