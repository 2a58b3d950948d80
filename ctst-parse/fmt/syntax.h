/*
 * Whether words follow the grammar of ctst(5), and nothing more: no names, no types, no
 * ranges. What a formatter may lay out; what it may not, the parser can explain.
 */
#ifndef CTST_FMT_SYNTAX_H
#define CTST_FMT_SYNTAX_H

#include "ctst-parse/fmt/words.h"

bool syntax_is_good(const struct words *words);

#endif
