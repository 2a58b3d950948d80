/*
 * The file that a download becomes: it grows without a name, is hashed while it grows, and appears complete or not
 * at all.
 *
 * Where the file system has no O_TMPFILE it grows under a random hidden name beside the final one; only there can a
 * SIGKILL leave something behind.
 */
#ifndef FETCH_FILE_H
#define FETCH_FILE_H

#include <limits.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "ctst-image/hash.h"

struct fetch_file {
	const char *path; /* as the caller wrote it, for messages; borrowed; NULL: in memory */
	int directory;
	int fd;
	int64_t size;
	struct hash hash;
	char name[NAME_MAX + 1];
	char temporary[NAME_MAX + 1]; /* "" as long as the file has no name */
};

#define FETCH_FILE_INIT \
	{ \
		.directory = -1, .fd = -1 \
	}

/*
 * `path` NULL: in memory, for fetch_file_read(). -1: the directory is missing or not writable, or something that is no
 * regular file has the name.
 */
int fetch_file_create(struct fetch_file *file, const char *path, struct ct_err *err);

int fetch_file_append(struct fetch_file *file, const void *bytes, size_t length, struct ct_err *err);

/* Forgets what was written. */
int fetch_file_restart(struct fetch_file *file, struct ct_err *err);

/* The digest of all that was written; nothing can be appended afterwards. */
void fetch_file_digest(struct fetch_file *file, char digest[CT_DIGEST_LENGTH + 1]);

/* Syncs the content and gives it its name, in one step when another file had it before. */
int fetch_file_publish(struct fetch_file *file, struct ct_err *err);

/* Appends the content of one that is in memory. */
int fetch_file_read(struct fetch_file *file, struct ct_buf *content, struct ct_err *err);

/* Releases everything; what was not published is gone. */
void fetch_file_release(struct fetch_file *file);

#endif
