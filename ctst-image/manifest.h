/*
 * A manifest and its config: what an image consists of (manifest.md and config.md of the OCI image specification,
 * docker's schema 2), checked and put side by side.
 */
#ifndef IMAGE_MANIFEST_H
#define IMAGE_MANIFEST_H

#include "ctst-image/layout.h"

#define MANIFEST_MAX_LAYERS 128 /* what a container can have */

struct manifest_layer {
	struct descriptor blob;
	char diff_id[CT_DIGEST_LENGTH + 1];
};

struct manifest {
	struct ct_buf text; /* the two documents as they are */
	struct ct_buf config_text;
	struct ct_json_doc *doc;
	struct ct_json_doc *config;
	struct manifest_layer *layers;
	size_t layer_count;
};

#define MANIFEST_INIT \
	{ \
		.text = CT_BUF_INIT, .config_text = CT_BUF_INIT \
	}

/* -1: I001, I002, and I004 for what is no image or has layers that cannot be unpacked. To be released also after a failure. */
int manifest_load(struct manifest *manifest, int blobs, const struct descriptor *descriptor, struct ct_err *err);
void manifest_release(struct manifest *manifest);

#endif
