/* What `docker save` writes: manifest.json names the config and the layers of each image by their files. */
#ifndef IMAGE_DOCKER_ARCHIVE_H
#define IMAGE_DOCKER_ARCHIVE_H

#include "ctst-image/choose.h"
#include "ctst-image/collect.h"

/*
 * The image that is wanted, as an OCI manifest of its own, which is staged as a blob; the config stays as it is.
 * -1: I001 (no such name, several and none named), I002, I004.
 */
int docker_archive_choose(struct chosen *chosen, const struct collection *collection, struct import *import,
			  const struct choice *choice, struct ct_err *err);

#endif
