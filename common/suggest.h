/* "Did you mean …": the closest of some known words. */
#ifndef CT_SUGGEST_H
#define CT_SUGGEST_H

#include <stddef.h>

/*
 * The candidate with the smallest edit distance to `word` (insertion, deletion,
 * substitution, swap of neighbours; case counts half), or NULL when none is close
 * enough to be a slip: at most a third of the word's length, and at most 3.
 * Equal distance: the first one wins.
 */
const char *ct_suggest(const char *word, const char *const *candidates, size_t count);

#endif
