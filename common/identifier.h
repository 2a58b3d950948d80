/* The names of components, networks and parameters, as the language has them. */
#ifndef CT_IDENTIFIER_H
#define CT_IDENTIFIER_H

#include <stdbool.h>

#include "common/template.h"

/* [A-Za-z_][A-Za-z0-9_-]*, not ending in '-'; ctst(5). Of any length. */
bool ct_is_identifier(struct ct_slice text);

#endif
