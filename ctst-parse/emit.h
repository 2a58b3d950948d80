/* The composition as a ctst.composition/1 document, ctst-composition(5). */
#ifndef CTST_PARSE_EMIT_H
#define CTST_PARSE_EMIT_H

#include "common/err.h"
#include "ctst-parse/compile.h"

/*
 * Writes the document to fd as it is made, a large buffer at a time. Only for a composition in
 * which the checks found no error. -1 with errno.
 */
int emit_composition(int fd, const struct compilation *compilation);

#endif
