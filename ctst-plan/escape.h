/* Text of strangers for a person's terminal. */
#ifndef PLAN_ESCAPE_H
#define PLAN_ESCAPE_H

#include "common/buf.h"

/* Appends the text so that it cannot move the cursor or pass for something else: \n, \x1b, \u202e. */
void plan_escape(struct ct_buf *out, const char *text);

#endif
