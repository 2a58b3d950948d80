/*
 * What a person calls an image: the URI it was imported from, its name in the index (with image:// in front or without),
 * its digest, or the first eight or more hex digits of that.
 *
 * In this order, the first that fits anything counts. Of a digest's, all names belong to the image.
 */
#ifndef IMAGE_LOOKUP_H
#define IMAGE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/json.h"

#define LOOKUP_SHORTEST 8 /* hex digits */

struct lookup {
	const struct ct_json **descriptors; /* of the index, in its order; owned array */
	size_t count;
	bool by_digest;
};

#define LOOKUP_INIT \
	{ \
		0 \
	}
#define auto_lookup __attribute__((cleanup(lookup_release))) struct lookup

/*
 * Among `manifests`, those of the store's index (NULL: none). A relative path in a URI is taken from the current
 * directory. -1: I001 (nothing fits; several images do, which the message lists), I002 (a pin is not met), E007.
 */
int lookup_image(struct lookup *found, const struct ct_json *manifests, const char *word, struct ct_err *err);
void lookup_release(struct lookup *found);

/* How the descriptor's image is called: its source, else image://NAME, else its digest. The caller frees. */
char *lookup_name(const struct ct_json *descriptor);

#endif
