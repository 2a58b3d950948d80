/* The proof that the result parses: the parser itself, with all checks. */
#ifndef CTST_CONVERT_VERIFY_H
#define CTST_CONVERT_VERIFY_H

#include "ctst-parse/convert/output.h"

/*
 * Writes the output and takes out, with a loss each, what is refused, until nothing is. `directory` is where the file will
 * lie. -1: E020 when the text is too large, or when there is more wrong than anybody would read.
 */
int verify_and_write(struct output *output, const char *directory, struct ct_buf *out, struct ct_err *err);

#endif
