/* Names of images in an index (OCI annotations.md, org.opencontainers.image.ref.name) and in docker's archives. */
#ifndef IMAGE_REFERENCE_H
#define IMAGE_REFERENCE_H

#include <stdbool.h>

#include "common/err.h"

#define REFERENCE_MAX 255 /* bytes */

/*
 * components joined by '/', each made of letters and digits with one of -._:@+ or "--" between them, as annotations.md has
 * it. Not one that looks like a digest. -1: E007.
 */
int reference_check_name(const char *name, struct ct_err *err);

/* The name that an image of that URI has in the index: such a name, but of any length. The caller frees. */
char *reference_of_uri(const char *uri);

/*
 * The name as docker's archives have it, with ":latest" where it has no tag: lower-case path, tag of at most 128 bytes.
 * NULL when it cannot be one. The caller frees.
 */
char *reference_for_docker(const char *name);

#endif
