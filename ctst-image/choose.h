/*
 * Which image: of several in one layout the one that was named, of several platforms the one that fits.
 *
 * An index can hold indexes (image-index.md). Manifests of the platform unknown/unknown are
 * attestations of builders, no images, and are passed over.
 */
#ifndef IMAGE_CHOOSE_H
#define IMAGE_CHOOSE_H

#include "ctst-image/layout.h"
#include "ctst-image/platform.h"

/* Where containerd and docker put an image's full name, beside the usual annotation. */
#define CHOOSE_CONTAINERD_NAME "io.containerd.image.name"

#define TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

struct choice {
	const char *name;              /* of the image; NULL: there must be only one */
	const char *spelling;          /* how a name is written, for the hint: "tar:///a.tar#" */
	const struct platform *wanted; /* never NULL */
};

struct chosen {
	char digest[CT_DIGEST_LENGTH + 1]; /* of what the index names: a manifest or an index of platforms */
	char manifest[CT_DIGEST_LENGTH + 1];
	char manifest_type[128];
	int64_t manifest_size; /* -1: not said */
};

/*
 * Among the manifests of `index`, a layout's index.json; further indexes are read from `blobs`. -1: I001 (no such name,
 * several and none named, nothing for this platform: the message says what there is), I002, I004.
 */
int choose_image(struct chosen *chosen, const struct ct_json *index, int blobs, const struct choice *choice,
		 struct ct_err *err);

/* -1: the I001 of an image that is for other platforms. */
int choose_fail_platform(const char *wanted, const char *offered, struct ct_err *err);

/* Whether choose_image() reads what the descriptor names, because that alone tells for which platforms it is. */
bool choose_reads(const struct ct_json *descriptor);

/* Whether a manifest of an index.json goes by that name: as it stands, with ":latest", with docker.io in front. */
bool choose_is_named(const struct ct_json *descriptor, const char *name);
/* The same for one name. */
bool choose_fits(const char *name, const char *wanted);

#endif
