/* An image of the store as an archive for other tools. Every blob is hashed on the way: what is damaged is not exported. */
#ifndef IMAGE_EXPORT_H
#define IMAGE_EXPORT_H

#include "ctst-image/export/archive.h"
#include "ctst-image/manage/pick.h"

/* An OCI image layout with this one image, called `name` (NULL: it has no name). -1: I002, I003. */
int export_oci(struct archive_out *archive, const struct pick *pick, const char *name, struct ct_err *err);

/*
 * As docker save has it, layers decompressed: `skopeo copy docker-archive:`, `podman load` and `docker load` read it. `name`
 * as reference_for_docker() has it; NULL: none.
 */
int export_docker(struct archive_out *archive, const struct pick *pick, const char *name, struct ct_err *err);

/*
 * One blob through `take`, decompressed unless `as_it_is`, its digests verified: the layer's own, and where it is decompressed
 * its diff-id. `take` NULL: it is only verified. *bytes: how many came out.
 */
typedef int (*export_take_fn)(struct archive_out *archive, const void *bytes, size_t length, struct ct_err *err);
int export_blob(struct archive_out *archive, const struct pick *pick, const struct manifest_layer *layer, bool as_it_is,
		export_take_fn take, int64_t *bytes, struct ct_err *err);

#endif
