/* A person's own certificate authorities, beside those of the system. */
#ifndef FETCH_TRUST_H
#define FETCH_TRUST_H

#include <openssl/x509.h>

#include "common/err.h"

struct fetch_trust {
	STACK_OF(X509) * certificates; /* NULL: the system's only */
};

/* Reads all certificates of a PEM file. -1: it cannot be read or holds none. */
int fetch_trust_load(struct fetch_trust *trust, const char *path, struct ct_err *err);

/* Adds them to what an SSL_CTX trusts already. -1: OpenSSL has no memory. */
int fetch_trust_extend(const struct fetch_trust *trust, void *ssl_context);

void fetch_trust_release(struct fetch_trust *trust);

#endif
