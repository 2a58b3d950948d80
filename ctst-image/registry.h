/*
 * A repository at a registry (OCI distribution specification 1.1): its manifests and blobs, over the transport of
 * fetch.h, for several threads at once.
 *
 * Who asks is told only when the registry wants to know: with a token that its token server gives for the credentials
 * of this registry, or with these themselves. What was found out is kept for the requests that follow.
 */
#ifndef IMAGE_REGISTRY_H
#define IMAGE_REGISTRY_H

#include <pthread.h>

#include "ctst-image/credentials.h"
#include "ctst-image/fetch.h"
#include "ctst-image/layout.h"
#include "ctst-image/registry_reference.h"

#define REGISTRY_MAX_MANIFEST ((size_t)4 << 20) /* what registries take */
#define REGISTRY_MAX_BLOB (INT64_C(1) << 40)

struct registry {
	const struct reference *reference;
	const char *program; /* for messages */
	struct fetch_trust trust;
	bool plain; /* http://, for a registry of this host */
	int64_t retries;
	int64_t backoff; /* milliseconds */

	struct fetch_access access;
	pthread_mutex_t lock; /* of all that follows */
	bool looked_up;
	struct credentials credentials;
	char *authorization;
	unsigned version; /* counts what authorization has been */
};

/* `trust` and the limits are the caller's to set. */
void registry_start(struct registry *registry, const struct reference *reference, const char *program);
void registry_release(struct registry *registry);

/*
 * A manifest or an index by tag, or by digest and then verified; its media type goes into `type` (128 bytes). -1: I001
 * (no such image), I002, I004, I006.
 */
int registry_manifest(struct registry *registry, const char *name, struct ct_buf *text, char *type, struct ct_err *err);

/* How a blob is to be fetched. */
struct registry_transfer {
	CURL *curl;
	atomic_bool *cancelled;
	_Atomic int64_t *received;
};

/* A blob of the size and digest of its descriptor into the file `path`. -1: I002, I006. */
int registry_blob(struct registry *registry, const struct descriptor *blob, const char *path,
		  const struct registry_transfer *transfer, struct ct_err *err);

/* The access of registry_start(): registry_login.c. */
void registry_login_start(struct registry *registry);

#endif
