/*
 * ctst-image-pull: an image of a registry becomes an OCI image layout in a new directory (image-layout.md of the OCI
 * image specification 1.1), every blob in it verified, of an index only what one platform needs.
 *
 *	pull.c         which documents, which blobs, in which order
 *	pull_layout.c  the directory
 *	pull_blobs.c   what is large, several at a time
 *	registry.c     where it comes from
 */
#ifndef IMAGE_PULL_H
#define IMAGE_PULL_H

#include "ctst-image/choose.h"
#include "ctst-image/registry.h"

struct pull {
	struct registry registry;
	const struct reference *reference;
	const char *output; /* the directory, which does not exist yet */
	const char *known;  /* a directory of blobs, from which links are made; NULL: none */
	struct platform wanted;

	int blobs_fd;
	int known_fd;
	int documents;                     /* read so far */
	char digest[CT_DIGEST_LENGTH + 1]; /* of what the reference names */
	char type[128];
	int64_t size;
};

/* registry, reference, output, known and wanted are set. Nothing is left of a pull that fails. */
int pull_run(struct pull *pull, struct ct_err *err);

/* Creates the directory with blobs/sha256 in it. */
int pull_layout_create(struct pull *pull, struct ct_err *err);
/* Stores a document under its digest. */
int pull_layout_put(const struct pull *pull, const struct ct_buf *text, const char *digest, struct ct_err *err);
/* Whether the blob is there already, or has become so by a link to a known one that is what its name says. */
bool pull_layout_has(const struct pull *pull, const struct descriptor *blob);
/* Writes oci-layout and index.json with the one image. */
int pull_layout_finish(const struct pull *pull, struct ct_err *err);
void pull_layout_remove(struct pull *pull);

/* Fetches what is not there, each blob once. */
int pull_blobs(struct pull *pull, const struct descriptor *blobs, size_t count, struct ct_err *err);

#endif
