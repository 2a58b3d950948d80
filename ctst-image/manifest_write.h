/* Writing descriptors and manifests (descriptor.md, manifest.md of the OCI image specification). */
#ifndef IMAGE_MANIFEST_WRITE_H
#define IMAGE_MANIFEST_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"

struct manifest_part {
	const char *type;
	char digest[CT_DIGEST_LENGTH + 1];
	int64_t size;
};

/* The members that every descriptor has; the object stays open. */
void descriptor_open(struct ct_json_writer *writer, const char *type, const char *digest, int64_t size);

/* Appends a manifest to *out. No time in it: equal content has an equal image. */
int manifest_write(struct ct_buf *out, const struct manifest_part *config, const struct manifest_part *layers,
		   size_t count, struct ct_err *err);

/*
 * Appends an index.json with that one manifest, called `name` (NULL: by no name); indented or compact. No time in it either.
 */
int index_write_single(struct ct_buf *out, bool pretty, const struct manifest_part *manifest, const char *name,
		       struct ct_err *err);

#endif
