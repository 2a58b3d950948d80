/*
 * One import: read, hash, unpack and store in one pass, visible at the end or not at all.
 *
 * A plain root file system, a directory's or an archive's, becomes an image of one layer
 * (import_single_layer). What is an image already, in an archive, in a layout or in the store, brings its manifest and
 * its layers along (import_image). Either fills the staging area; import_commit() makes the result an image of the store.
 */
#ifndef IMAGE_IMPORT_H
#define IMAGE_IMPORT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "ctst-image/layout.h"
#include "ctst-image/platform.h"
#include "ctst-image/presets.h"
#include "ctst-image/progress.h"
#include "ctst-image/staging.h"
#include "ctst-image/stat_index.h"
#include "ctst-image/unpack.h"
#include "ctst-image/uri.h"

#define IMPORT_PROGRAM "ctst-image-import"

struct staged_item {
	char name[72]; /* in the staging area */
	char hex[65];  /* in the store */
};

struct import {
	const char *images;
	const char *layers;
	const char *pin; /* "" for none */
	struct image_uri uri;
	struct image_preset preset;   /* entry NULL for other schemes */
	struct ct_json_doc *settings; /* of a root file system, given with it; NULL: what the preset says */
	const char *request;          /* what a derived image was made for, kept in its record; NULL for others */
	const char *path;             /* of the source; belongs to uri or preset */
	int source_fd;                /* the source, opened for reading */

	struct platform wanted;
	const char *platform; /* as it was asked for; NULL: it was not */
	const char *name;     /* what the store calls it; NULL: by its source */
	bool insecure_loopback;
	const char *subject; /* in front of messages; NULL: nothing */

	struct staging staging;
	struct progress progress;
	int64_t entries; /* unpacked so far, in all layers: the limits are an image's */
	int64_t bytes;

	/* What the pass over the source has found. */
	struct stat_facts facts;
	char index_id[STAT_INDEX_ID_LENGTH + 1]; /* of a directory */
	struct ct_buf index;
	char digest[CT_DIGEST_LENGTH + 1];

	/* What becomes visible. */
	struct ct_buf manifest;
	struct ct_buf config;
	char manifest_type[128];
	struct staged_item *blobs;
	size_t blob_count;
	struct staged_item *trees;
	size_t tree_count;
};

/* The one layer of a root file system, with its blob and its tree staged under these names. */
#define STAGED_BLOB "blob"
#define STAGED_TREE "tree"

struct single_layer {
	struct unpack unpack;
	int tree_fd;
	int blob_fd;
	char diff_id[CT_DIGEST_LENGTH + 1];
	char blob[CT_DIGEST_LENGTH + 1];
	int64_t blob_size;
	const char *media_type;
};

#define SINGLE_LAYER_INIT \
	{ \
		.unpack = UNPACK_INIT, .tree_fd = -1, .blob_fd = -1 \
	}

/* Creates blob and tree. */
int single_layer_start(struct single_layer *layer, struct import *import, struct ct_err *err);
/* Describes the finished layer by a manifest and a config of its own. */
int import_single_layer(struct import *import, const struct single_layer *layer, struct ct_err *err);
void single_layer_release(struct single_layer *layer);

/*
 * The image of that manifest, its blobs in the directory `blobs`: verified, its layers unpacked where the store has not
 * got them. With `copy` the blobs are brought into the staging area; else they are there, or in the store.
 */
int import_image(struct import *import, int blobs, bool copy, const struct descriptor *manifest, struct ct_err *err);

/* tar:// and preset:// */
int import_archive(struct import *import, struct ct_err *err);
/* file:// of an OCI image layout; whether a directory is one. */
int import_layout(struct import *import, struct ct_err *err);
bool import_is_layout(int directory);
/* image://, and what is in the store without being unpacked: only trees become visible. */
int import_catalogued(struct import *import, struct ct_err *err);
int import_restore(struct import *import, const char *manifest, struct ct_err *err);

/* oci:// and https://, which other programs bring into the staging area first (import_remote.c). */
int import_registry(struct import *import, struct ct_err *err);
int import_download(struct import *import, struct ct_err *err);

/* Says that a staged blob or tree is part of the image. */
void import_add_blob(struct import *import, const char *name, const char *hex);
void import_add_tree(struct import *import, const char *name, const char *hex);

/* Facts of the source, given time to settle. -1: I003. */
int import_look_at_source(struct import *import, struct ct_err *err);
/* Begins the stat index of a directory. */
void import_begin_index(struct import *import);
int import_check_unchanged(const struct import *import, struct ct_err *err);

/* How a name of an image in this source is written: "tar:///a.tar#". The caller frees. */
char *import_name_spelling(const struct import *import);

int import_directory(struct import *import, struct ct_err *err);

/*
 * Publishes blobs and trees, writes config, manifest, index.json and, last of all, the record of the source. What it has
 * done is taken back where it fails.
 */
int import_commit(struct import *import, struct ct_err *err);
/* Publishes the trees only. */
int import_commit_trees(struct import *import, struct ct_err *err);

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
/* Ends the program by the signal, if one came: from it the caller learns what ended the import. */
void import_die_of_signal(void);

/* `ctst-image-import --verify`: prints what was found to *out; damage is I002. */
int verify_store(const char *images, const char *layers, struct ct_buf *out, struct ct_err *err);

#endif
