/*
 * Image URIs: scheme, place, name of an image in there (`#<name>`, local places only) and pin (`@sha256:<64 hex>`).
 *
 * A path may hold `#`; the last one is followed by the name, which may be empty. So a path with a `#` in it
 * is written with one more behind it.
 *
 * Content behind a remote URI is what its pin says, so the pin is part of what the store calls it.
 */
#ifndef IMAGE_URI_H
#define IMAGE_URI_H

#include <stdbool.h>

#include "common/digest.h"
#include "common/err.h"

enum image_scheme {
	IMAGE_DIRECTORY, /* file:// */
	IMAGE_ARCHIVE,   /* tar:// */
	IMAGE_PRESET,    /* preset:// */
	IMAGE_CATALOGUE, /* image:// */
	IMAGE_REGISTRY,  /* oci:// */
	IMAGE_DOWNLOAD,  /* https:// */
};

struct image_uri {
	enum image_scheme scheme;
	char *source; /* address, of a remote one with its pin, and the platform that was asked for: its name in the store */
	char *address; /* the URI without its pin, absolute */
	char *place;   /* the same without the name */
	char *name;    /* of one of several images; NULL: none */
	char *path; /* directory and archive: absolute path; otherwise what follows the scheme, without a preset's version */
	char *version;                  /* preset://name:version; else NULL */
	char pin[CT_DIGEST_LENGTH + 1]; /* "" when there is none */
};

#define IMAGE_URI_INIT \
	{ \
		0 \
	}
#define auto_image_uri __attribute__((cleanup(image_uri_release))) struct image_uri

/* A relative path is taken from `directory` (absolute). -1: E007. */
int image_uri_parse(struct image_uri *uri, const char *text, const char *directory, struct ct_err *err);

/* Another platform's image is another source. `platform` "os/arch[/variant]"; NULL: none was asked for. */
void image_uri_set_platform(struct image_uri *uri, const char *platform);

/* oci:// and https:// */
bool image_uri_is_remote(const struct image_uri *uri);

/* Pins what had no pin. */
void image_uri_set_pin(struct image_uri *uri, const char *digest, const char *platform);

/* -1: I005 when it is remote and --offline is set. */
int image_uri_check_reachable(const struct image_uri *uri, struct ct_err *err);

/* -1: I002 with both digests when there is a pin and it is not `digest`. */
int image_uri_check_pin(const char *source, const char *pin, const char *digest, struct ct_err *err);

void image_uri_release(struct image_uri *uri);

#endif
