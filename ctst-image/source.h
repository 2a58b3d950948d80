/*
 * What the store remembers of a source: `<images>/sources/<sha256 of the URI>.json`
 * (ctst.source/1), and for a directory the index of its entries in
 * `<images>/sources/<the same>.index`.
 *
 * A record that cannot be read counts as none: the source is then imported again.
 */
#ifndef IMAGE_SOURCE_H
#define IMAGE_SOURCE_H

#include <stdbool.h>

#include "common/digest.h"
#include "common/err.h"
#include "ctst-image/presets.h"
#include "ctst-image/stat_index.h"
#include "ctst-image/uri.h"

struct image_source {
	char path[4096];                      /* the directory or the archive */
	struct stat_facts facts;              /* of path */
	char preset[CT_DIGEST_LENGTH + 1];    /* of the preset's definition; "" for other sources */
	char index[STAT_INDEX_ID_LENGTH + 1]; /* of a directory; else "" */
	char request[CT_DIGEST_LENGTH + 1];   /* what a derived image was made for; "" for others */
	char digest[CT_DIGEST_LENGTH + 1];    /* of the content, see spec "Digests" */
	char manifest[CT_DIGEST_LENGTH + 1];
};

enum image_freshness {
	IMAGE_CURRENT, /* as it was when it was imported */
	IMAGE_CHANGED,
	IMAGE_NEW,     /* never imported */
	IMAGE_MISSING, /* the source is not there; the record may be */
};

/* `<hex>` of the URI: the name of its record without ".json". 64 digits. */
void image_source_key(const char *uri, char key[65]);

/* False when there is no usable record. */
bool image_source_load(const char *images, const char *uri, struct image_source *source);

/*
 * Compares the record (NULL: none) with what is there. `preset` is the URI's preset entry, NULL for other schemes.
 * -1: I001 and I004 for a source that can never be imported (no permission, not a directory, not a file).
 * For IMAGE_MISSING *err holds the I001 that the caller may want to return.
 */
int image_source_check(const char *images, const struct image_uri *uri, const struct image_preset *preset,
		       const struct image_source *source, enum image_freshness *freshness, struct ct_err *err);

#endif
