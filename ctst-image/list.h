/* `ctst-image ls`: what the store holds. */
#ifndef IMAGE_LIST_H
#define IMAGE_LIST_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* Appends a table or a ctst.images/1 document. A store that does not exist is an empty list. -1: S001, S003. */
int list_images(const char *images, bool json, struct ct_buf *out, struct ct_err *err);

#endif
