/* Which compose files are meant where none is named. */
#ifndef CTST_CONVERT_DISCOVER_H
#define CTST_CONVERT_DISCOVER_H

#include "ctst-parse/convert/switches.h"

/*
 * What COMPOSE_FILE names, paths separated by colons (or COMPOSE_PATH_SEPARATOR); else the compose file of the current directory, or of the nearest one above it that has one, and the override file
 * beside it when there is one. The number of paths, which are in the arena; -1 with exit status 4 when there is none. *ignored: another candidate
 * that lies beside the first, or NULL.
 */
int discover(const struct switches *switches, const char ***paths, const char **ignored, struct ct_err *err);

#endif
