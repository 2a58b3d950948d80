/*
 * Source text to syntax tree.
 *
 * Recursive descent over the grammar of ctst(5). A mistake is reported once, then
 * the parser looks for the next place where it knows what it reads: the next item,
 * the next property, the next statement.
 */
#ifndef CTST_PARSE_PARSER_H
#define CTST_PARSE_PARSER_H

#include "common/arena.h"
#include "ctst-parse/ast.h"
#include "ctst-parse/diagnostics.h"

/*
 * Fills *composition, whatever the file holds; problems go to `diagnostics`. `strict`: warn about what other
 * implementations do not know. Ends with composition_release().
 */
void parse_source(const struct source *source, struct ct_arena *arena, struct diagnostics *diagnostics, bool strict,
		  struct composition *composition);

#endif
