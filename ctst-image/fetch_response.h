/*
 * What a server said in front of a body: status, validator, ranges. Pure functions over its header lines; libcurl has
 * cut them, their content is a stranger's.
 */
#ifndef FETCH_RESPONSE_H
#define FETCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"

#define FETCH_HEADERS_LARGEST ((size_t)256 << 10) /* bytes of one request's header lines, interim responses included */
#define FETCH_CHALLENGES_SIZE 4096

struct fetch_response {
	long status;           /* 0: nothing was said yet */
	char status_line[128]; /* "HTTP/1.1 404 Not Found", harmless to show */
	char etag[256];        /* the strong validator with its quotes; "" when there is none that can be used */
	char digest[CT_DIGEST_LENGTH + 1];      /* Docker-Content-Digest where it is a SHA-256; else "" */
	char challenges[FETCH_CHALLENGES_SIZE]; /* the values of WWW-Authenticate, with commas between them */
	bool no_ranges;                         /* Accept-Ranges: none */
	bool chunked;                           /* the body itself tells where it ends */
	int64_t range_start;                    /* of Content-Range; -1: none, or one that is not understood */
	int64_t range_total;                    /* -1: not told */
	size_t header_bytes;                    /* of all lines so far */
};

void fetch_response_start(struct fetch_response *response);

/* Takes one line, with or without its line end. A status line forgets what came before. -1: they are too many. */
int fetch_response_header(struct fetch_response *response, const char *line, size_t length);

/* Whether the server may answer otherwise when it is asked again: 408, 429, 5xx. */
bool fetch_response_is_transient(const struct fetch_response *response);

/* 301, 302, 303, 307, 308 */
bool fetch_response_is_redirect(const struct fetch_response *response);

/*
 * Copies what fits of a stranger's text, with '?' in the place of everything that a terminal might obey or not show:
 * control characters, invisible ones, bytes that are not UTF-8. A run of white space becomes one space.
 */
void fetch_show_text(const char *text, size_t length, char *shown, size_t size);

#endif
