/*
 * What must not be seen by whoever looks at an error message over somebody's shoulder: values under names like
 * PASSWORD, and URLs with a password in them.
 *
 * They are looked for in the words of the text, not in what was understood of it: a line is shown because
 * something in it is wrong, and then a value may be in no property at all.
 */
#ifndef CTST_PARSE_SECRETS_H
#define CTST_PARSE_SECRETS_H

#include "ctst-parse/diagnostics.h"

/*
 * Finds them in every file that a kept diagnostic is about, so that rendering shows "***" in their place, and takes
 * them out of messages and hints. To be called once, when nothing more is reported.
 */
void secrets_hide(struct diagnostics *diagnostics);

/* Whether the text has anything in it but `${…}`: something that somebody has written out. */
bool secret_is_literal(struct ct_slice text);

#endif
