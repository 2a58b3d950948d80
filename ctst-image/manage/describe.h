/* An image in words: for people, or as a ctst.image/1 document. */
#ifndef IMAGE_DESCRIBE_H
#define IMAGE_DESCRIBE_H

#include "ctst-image/manage/pick.h"

void describe_text(const struct pick *pick, const struct ct_project *project, struct ct_buf *out);
int describe_document(const struct pick *pick, const struct ct_project *project, struct ct_buf *out,
		      struct ct_err *err);

#endif
