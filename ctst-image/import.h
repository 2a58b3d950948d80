/*
 * One import: read, hash, unpack and store in one pass, visible at the end or not at all.
 *
 * import_directory() and import_archive() fill the tree and the blob of a staging area and
 * find the digests; import_commit() makes the result an image of the store.
 */
#ifndef IMAGE_IMPORT_H
#define IMAGE_IMPORT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "ctst-image/presets.h"
#include "ctst-image/progress.h"
#include "ctst-image/staging.h"
#include "ctst-image/stat_index.h"
#include "ctst-image/unpack.h"
#include "ctst-image/uri.h"

#define IMPORT_PROGRAM "ctst-image-import"

struct import {
	const char *images;
	const char *layers;
	const char *pin; /* "" for none */
	struct image_uri uri;
	struct image_preset preset; /* entry NULL for other schemes */
	const char *path;           /* of the source; belongs to uri or preset */
	int source_fd;              /* the source, opened for reading */

	struct staging staging;
	struct unpack unpack;
	struct progress progress;

	/* What the pass over the source has found. */
	struct stat_facts facts;
	char index_id[STAT_INDEX_ID_LENGTH + 1]; /* of a directory */
	struct ct_buf index;
	char digest[CT_DIGEST_LENGTH + 1];
	char diff_id[CT_DIGEST_LENGTH + 1];
	char blob[CT_DIGEST_LENGTH + 1];
	int64_t blob_size;
	const char *media_type;
};

int import_directory(struct import *import, struct ct_err *err);
int import_archive(struct import *import, struct ct_err *err);

/* Publishes blob and tree, writes config, manifest, index.json and, last of all, the record of the source. */
int import_commit(struct import *import, struct ct_err *err);

/*
 * File times have a granularity: a file that changes right after it was read could keep
 * the times it had. So one that is younger than the coarsest clock tick is given that long first.
 */
void import_let_times_settle(const struct stat_facts *facts);

/* -1 once SIGINT, SIGTERM or SIGHUP has come, so that the import can clean up after itself. */
int import_check_signals(struct ct_err *err);
void import_catch_signals(void);
/* The signal that came, or 0. */
int import_signal(void);

/* `ctst-image-import --verify`: prints what was found to *out; damage is I002. */
int verify_store(const char *images, const char *layers, struct ct_buf *out, struct ct_err *err);

#endif
