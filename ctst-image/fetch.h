/*
 * ctst-image-fetch: one URL into one file, verified.
 *
 * fetch_run() repeats what failed for a reason that may pass (fetch.c); each attempt follows redirects; each hop is one
 * HTTP request (fetch_transfer.c) whose body goes into the file (fetch_file.c). An attempt that was cut continues where
 * it stopped when the server can prove by a validator that the content is still the same.
 */
#ifndef FETCH_H
#define FETCH_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/options.h"
#include "ctst-image/fetch_file.h"
#include "ctst-image/fetch_response.h"
#include "ctst-image/fetch_trust.h"
#include "ctst-image/progress.h"

#define FETCH_PROGRAM "ctst-image-fetch"

struct fetch_request {
	const char *url;
	const char *path;
	const char *digest; /* NULL: any content will do */
	const struct ct_option_list *accept;
	struct fetch_trust trust;
	int64_t max_bytes;
	int64_t connect_timeout; /* seconds */
	int64_t stall_timeout;   /* seconds below FETCH_SLOWEST */
	int64_t retries;
	int64_t backoff; /* milliseconds */
	bool plain;      /* http://, allowed for a loopback address */
};

#define FETCH_SLOWEST 1024 /* bytes a second */

struct fetch {
	const struct fetch_request *request;
	CURL *curl;
	struct fetch_file file;
	struct progress progress;
	char etag[256];      /* of what the file holds so far; "" when it cannot be continued */
	char *location;      /* after FETCH_MOVED; owned */
	int64_t retry_after; /* after FETCH_AGAIN: seconds that the server asks for */
};

enum fetch_outcome {
	FETCH_DONE,
	FETCH_MOVED,  /* fetch->location has the new place */
	FETCH_AGAIN,  /* failed for a reason that may pass */
	FETCH_FAILED, /* for good */
};

/* One request. *err is filled for FETCH_AGAIN and FETCH_FAILED. */
enum fetch_outcome fetch_transfer(struct fetch *fetch, const char *url, bool plain, struct ct_err *err);

/*
 * Downloads, verifies and publishes. The digest of the content goes into `digest`. -1: I006, I002 or what kept the
 * file from being written; no file then, or the one that was there before.
 */
int fetch_run(const struct fetch_request *request, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err);

/* The signal that asks to stop, 0: none (fetch_main.c). */
int fetch_signal(void);

#endif
