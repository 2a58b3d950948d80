/* Requests of `ctst-image build`: a document on standard input, an image of the store to take the files from. */
#ifndef SLIM_REQUEST_SERVE_H
#define SLIM_REQUEST_SERVE_H

#include "ctst-image/slim/image.h"

/*
 * Makes the image as `place` says, its request member aside, which is the digest of the document. Without a URI in it only a
 * line on stderr says how much smaller the image would be. -1: P001, I001, I002, I003.
 */
int request_serve(const struct image_place *place, struct ct_err *err);

#endif
