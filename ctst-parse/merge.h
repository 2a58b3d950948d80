/* What a child takes from its parent. */
#ifndef CTST_PARSE_MERGE_H
#define CTST_PARSE_MERGE_H

#include "ctst-parse/ast.h"

struct compilation;

/* About how many bytes the component's properties, with what it has inherited, are in the composition. Found out once. */
uint64_t merge_weight(const struct compilation *compilation, struct component *component);

/* Adds the parent's properties to the child. E020 when the two environments have too many variables together. */
void merge_properties(struct compilation *compilation, struct component *child, const struct component *parent);

#endif
