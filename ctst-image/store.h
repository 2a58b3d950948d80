/*
 * Reading the store: an OCI image layout (image-layout.md, manifest.md and config.md of the OCI image
 * specification 1.1) and the unpacked layers beside it.
 *
 * Every blob that is read here is small and is hashed before it is believed.
 */
#ifndef IMAGE_STORE_H
#define IMAGE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"
#include "common/project.h"

#define STORE_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define STORE_CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
/* Annotations of a manifest's descriptor in index.json. */
#define STORE_REF_NAME "org.opencontainers.image.ref.name"
#define STORE_CREATED "org.opencontainers.image.created"
#define STORE_SOURCE "io.containust.source"
#define STORE_SOURCE_DIGEST "io.containust.source.digest"

#define STORE_MAX_LAYERS 1024

struct store_image {
	struct ct_json_doc *manifest;
	struct ct_json_doc *config;
	char **layers; /* absolute paths of the unpacked layers, lowest first; none twice, the highest counts */
	size_t layer_count;
	int64_t size; /* bytes of the layers' blobs */
};

#define STORE_IMAGE_INIT \
	{ \
		0 \
	}
#define auto_store_image __attribute__((cleanup(store_image_release))) struct store_image

/* Reads the blob's JSON. NULL: I002 when it is not what its name says, I001 when it is not there. */
struct ct_json_doc *store_read_blob(const char *images, const char *digest, struct ct_err *err);

/* Reads manifest and config. -1: I001 (also when a layer is not unpacked), I002. */
int store_image_load(struct store_image *image, const char *images, const char *layers, const char *manifest,
		     struct ct_err *err);

void store_image_release(struct store_image *image);

/* Reads index.json. NULL and err->code "" when there is none (or an empty one, which a crash may leave); else S001. */
struct ct_json_doc *store_read_index(const char *images, struct ct_err *err);

#endif
