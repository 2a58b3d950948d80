/* An unpacked layer against the tar it was unpacked from. */
#ifndef IMAGE_VERIFY_LAYER_H
#define IMAGE_VERIFY_LAYER_H

#include "common/err.h"

/*
 * Types, modes, link targets, sizes and contents of everything that the blob (a tar, plain or
 * compressed) names. Files that were added to the tree are not looked for. -1: I002, the first difference.
 */
int verify_layer(const char *tree, const char *blob, struct ct_err *err);

#endif
