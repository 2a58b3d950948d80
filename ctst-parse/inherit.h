/*
 * FROM: gives every component the properties of its parents, so that nobody behind this has
 * to know of them. Which components are templates, and so not deployed, is found out here too.
 */
#ifndef CTST_PARSE_INHERIT_H
#define CTST_PARSE_INHERIT_H

#include "ctst-parse/ast.h"

struct compilation;

#define INHERITANCE_DEPTH_MAX 32
/* About how many bytes of the composition may come from parents: one large template with many children is a small file. */
#define INHERITED_MAX_BYTES ((uint64_t)512 << 20)

/*
 * For all files. A child takes every property of its parent but required_params; its own replace them whole, where
 * port and ports stand for each other, as do volume and volumes; env is merged key by key.
 *
 * Reports E003 (names of imports), E009 (W, unused import), E011 (a required parameter is missing), E013 (a circle), E016
 * (unknown parent), E020 (bounds).
 */
void inherit(struct compilation *compilation);

/* The component of its file in whose body the value stands. */
const struct component *inherit_declared_in(const struct compilation *compilation, struct span value);

#endif
