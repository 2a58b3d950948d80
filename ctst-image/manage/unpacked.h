/* Layers that another tool has put into the store are unpacked when they are needed first. */
#ifndef IMAGE_UNPACKED_H
#define IMAGE_UNPACKED_H

#include "ctst-image/manage/pick.h"

/* Makes sure that all layers of the image are. -1: what the importer has told already (err->reported), I003. */
int unpacked_ensure(const struct pick *pick, const struct ct_project *project, struct ct_err *err);

#endif
