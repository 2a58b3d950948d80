/* The file system that a slim image is taken from: a directory, or the layers of an image as one. */
#ifndef SLIM_ROOT_H
#define SLIM_ROOT_H

#include <stddef.h>

#include "common/err.h"

/* A descriptor of the directory. -1: I001, I003. */
int root_open_directory(const char *path, struct ct_err *err);

/*
 * The layers, lowest first, as OverlayFS shows them: a descriptor of a mount that is nowhere attached and goes with the
 * descriptor. They must lie in one directory. Without root a user namespace makes it. -1: I003.
 */
int root_open_layers(char *const *layers, size_t count, struct ct_err *err);

#endif
