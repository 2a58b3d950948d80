/*
 * References of registries: what people type ("nginx:1.27", "ghcr.io/a/b@sha256:…") and what oci:// is followed by.
 *
 * A first part without a dot, a colon or the name "localhost" is no registry but the beginning of a repository of
 * docker.io; behind oci:// the first part always is one. A repository of one part at docker.io is in library/.
 */
#ifndef IMAGE_REGISTRY_REFERENCE_H
#define IMAGE_REGISTRY_REFERENCE_H

#include <stdbool.h>

#include "common/digest.h"
#include "common/err.h"

#define REFERENCE_LONGEST 512 /* bytes as it is typed; the distribution specification has 255 for host and repository */

struct reference {
	char registry[REFERENCE_LONGEST];   /* "docker.io", "localhost:5000" */
	char repository[REFERENCE_LONGEST]; /* "library/nginx" */
	char tag[129];                      /* "" when there is only a digest */
	char digest[CT_DIGEST_LENGTH + 1];  /* "" when there is none */
};

/* Without tag and digest the tag is "latest". -1 with `code`. */
int reference_parse(struct reference *reference, const char *text, const char *code, struct ct_err *err);

/* "docker.io/library/nginx:1.27", without the digest. The caller frees. */
char *reference_name(const struct reference *reference);

/* Whether the text can be the name of an image in the store: what behind image:// is understood. */
bool reference_is_name(const char *text);

#endif
