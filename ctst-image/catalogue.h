/* image://NAME[:TAG]: an image of the store by the name that its index has for it, whoever has put it there. */
#ifndef IMAGE_CATALOGUE_H
#define IMAGE_CATALOGUE_H

#include "ctst-image/choose.h"
#include "ctst-image/uri.h"

/* -1: I001 (no such image, none for this platform), I002, S001. */
int catalogue_find(struct chosen *chosen, const char *images, const struct image_uri *uri,
		   const struct platform *wanted, struct ct_err *err);

#endif
