/* "Did you mean": common/suggest.h, and the same word in other capitals, which is no slip of a few letters. */
#ifndef CTST_PARSE_SUGGESTION_H
#define CTST_PARSE_SUGGESTION_H

#include <stddef.h>

#include "common/template.h"

/* The candidate that `word` is probably meant to be, or NULL. */
const char *suggest_word(struct ct_slice word, const char *const *candidates, size_t count);

#endif
