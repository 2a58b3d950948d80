/* The string form of EXPOSE. */
#ifndef CTST_PARSE_EXPOSURE_H
#define CTST_PARSE_EXPOSURE_H

#include "ctst-parse/ast.h"

/*
 * "[[ADDRESS:]HOST:]CONTAINER[/tcp|/udp]", an IPv6 address in brackets. Fills in ports, protocol and
 * address of *exposure. NULL, or what is wrong.
 */
const char *exposure_parse(struct ct_slice text, struct exposure *exposure);

#endif
