/*
 * Imports from the network. They are pinned by the SHA-256 of their content, which is also their name in the
 * cache, $XDG_CACHE_HOME/containust/imports/<64 hex digits>: any project may use what another one has fetched.
 */
#ifndef CTST_PARSE_IMPORT_REMOTE_H
#define CTST_PARSE_IMPORT_REMOTE_H

#include <stdbool.h>

#include "ctst-parse/ast.h"

struct compilation;

/* Whether the path is a URL, good or bad. */
bool import_is_remote(struct ct_slice path);

/* The URL without its pin. */
struct ct_slice import_url(struct ct_slice path);

/*
 * The path in the cache of what the import names. Fetches it when it is not there or is damaged. The caller frees it, and
 * compares what it reads with import_is_pinned(). NULL: reported, as E008 or, when --offline forbids to fetch it, E014.
 */
char *import_fetch(struct compilation *compilation, const struct import *import);

/* Whether the content is what the import's pin says. */
bool import_is_pinned(const struct import *import, const char *content, size_t length);

#endif
