/*
 * Which URLs may be fetched, and how they are shown.
 *
 * https:// without a user name or password; http:// only to a loopback address and only where the caller allows it.
 * Redirects are followed by this program and not by libcurl, so that each hop is held to the same rules.
 */
#ifndef FETCH_URL_H
#define FETCH_URL_H

#include <stdbool.h>

#include "common/err.h"

#define FETCH_URL_LONGEST 8000   /* RFC 9110, 4.1 asks for this much */
#define FETCH_URL_SHOWN 160      /* bytes of a URL in a message */
#define FETCH_URL_SHOWN_SIZE 200 /* room for them, the ellipsis and the NUL */

/* -1 with `code`. *plain tells http:// from https://. */
int fetch_url_check(const char *url, bool allow_plain, const char *code, bool *plain, struct ct_err *err);

/* Whether both have the same scheme, host and port. */
bool fetch_url_same_origin(const char *left, const char *right);

/* Whether the host (with its brackets, without a port) is an address of this host. */
bool fetch_host_is_loopback(const char *host);

/*
 * The URL for a message: without query and fragment, which may hold somebody's token, cut when it is long, and with
 * nothing in it that a terminal would obey.
 */
void fetch_url_show(const char *url, char text[FETCH_URL_SHOWN_SIZE]);

#endif
