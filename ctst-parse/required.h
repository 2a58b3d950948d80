/* required_params: what a template leaves to its children. */
#ifndef CTST_PARSE_REQUIRED_H
#define CTST_PARSE_REQUIRED_H

struct compilation;

/*
 * E011 for every component that is deployed and does not set, itself or by a parent below the one that asks for it,
 * a property or environment variable of that name. E020 when finding that out would take too long.
 */
void required_check(struct compilation *compilation);

#endif
