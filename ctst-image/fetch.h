/*
 * Downloads: one URL into one file, or into memory, verified. The only transport of the project.
 *
 * fetch_run() repeats what failed for a reason that may pass (fetch.c); each attempt follows redirects; each hop is one
 * HTTP request (fetch_transfer.c) whose body goes into the file (fetch_file.c). An attempt that was cut continues where
 * it stopped when the server can prove by a validator that the content is still the same.
 */
#ifndef FETCH_H
#define FETCH_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/options.h"
#include "ctst-image/fetch_file.h"
#include "ctst-image/fetch_response.h"
#include "ctst-image/fetch_trust.h"
#include "ctst-image/progress.h"

/*
 * Who asks, for servers that want to know. What it says goes to the origin of the request's URL and to nobody that this
 * one redirects to.
 */
struct fetch_access {
	void *context;
	/* The value of Authorization; NULL: nothing to say yet. The caller frees. *version tells it from later ones. */
	char *(*authorization)(void *context, unsigned *version);
	/*
	 * The server has answered 401 to `version`, with these WWW-Authenticate values. 0: there is something new to say.
	 * -1: there is not; *err may be left as it was.
	 */
	int (*challenged)(void *context, const char *challenges, unsigned version, struct ct_err *err);
};

/* What the last answer said beside its body. */
struct fetch_reply {
	long status;                       /* 0: none */
	char type[128];                    /* Content-Type without its parameters, in small letters */
	char digest[CT_DIGEST_LENGTH + 1]; /* Docker-Content-Digest where it is a SHA-256; else "" */
};

struct fetch_request {
	const char *program; /* for messages */
	const char *url;
	const char *path;    /* NULL: into `body` */
	struct ct_buf *body; /* what has arrived is appended when it is complete and verified */
	const char *digest;  /* NULL: any content will do */
	const struct ct_option_list *accept;
	const struct fetch_access *access; /* NULL: nobody in particular */
	struct fetch_reply *reply;         /* NULL: nobody asks */
	CURL *curl;                        /* whose connections are used again; NULL: one of its own */
	atomic_bool *cancelled;            /* NULL: nobody but a signal ends it early */
	_Atomic int64_t *received;         /* counts in the place of a progress line; NULL: a line of its own */
	const char *limit_hint;            /* what to do about max_bytes; NULL: nothing */
	struct fetch_trust trust;
	int64_t max_bytes;
	bool sized;              /* max_bytes is what it has, not only a limit */
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
	char *challenges;    /* after FETCH_ASKED; owned */
	unsigned version;    /* of the Authorization that the last request had */
};

/* What most callers want: patience with servers, none with loops. */
#define FETCH_CONNECT_TIMEOUT 30
#define FETCH_STALL_TIMEOUT 30
#define FETCH_RETRIES 4
#define FETCH_BACKOFF 1000

enum fetch_outcome {
	FETCH_DONE,
	FETCH_MOVED,  /* fetch->location has the new place */
	FETCH_AGAIN,  /* failed for a reason that may pass */
	FETCH_ASKED,  /* the server wants to know who asks; fetch->challenges */
	FETCH_FAILED, /* for good */
};

/* One request. *err is filled for FETCH_AGAIN, FETCH_ASKED and FETCH_FAILED. */
enum fetch_outcome fetch_transfer(struct fetch *fetch, const char *url, bool plain, struct ct_err *err);

/*
 * Downloads, verifies and publishes. The digest of the content goes into `digest`. -1: I006, I002 or what kept the
 * file from being written; no file then, or the one that was there before.
 */
int fetch_run(const struct fetch_request *request, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err);

/* SIGINT, SIGTERM and SIGHUP end downloads; SIGPIPE and SIGXFSZ end nothing (fetch_signal.c). */
void fetch_catch_signals(void);
/* The one that asks to stop, 0: none. */
int fetch_signal(void);
/* Ends the program by the signal that came; returns when none did. */
void fetch_die_of_signal(void);

/* Makes libcurl ready, once, before any thread is started. -1: I006. */
int fetch_prepare(struct ct_err *err);

static inline bool fetch_is_stopped(const struct fetch_request *request)
{
	return fetch_signal() != 0 || (request->cancelled && atomic_load(request->cancelled));
}

#endif
