/*
 * One image URI to one image of the store, imported first when it must be.
 *
 * The importer, ctst-image-import, is another program because it needs libraries that
 * cost more than everything else that happens here; it is not even looked at when the
 * source is as it was.
 */
#ifndef IMAGE_RESOLVE_H
#define IMAGE_RESOLVE_H

#include "common/err.h"
#include "common/project.h"
#include "ctst-image/build.h"
#include "ctst-image/source.h"
#include "ctst-image/store.h"

struct resolved_image {
	struct image_source source; /* pending: only the digest, when a pin or a preset tells it beforehand; else "" */
	struct store_image image;   /* pending: nothing */
	struct image_preset preset; /* entry NULL for other schemes */
	/*
	 * What a dry run found instead of the image: "new" and "changed" would be imported, "missing" is not where
	 * the URI says, "remote" is not on this machine. NULL: it is in the store.
	 */
	const char *pending;
	bool imported; /* just now */
};

/*
 * `subject` names component and origin for messages. In a dry run without --locked a missing or remote
 * image is a warning on stderr, not an error. To be released also after a failure.
 */
int resolve_image(struct resolved_image *resolved, const char *text, const char *subject,
		  const struct ct_project *project, const struct build_options *options, struct ct_err *err);

void resolved_image_release(struct resolved_image *resolved);

#endif
