/* SHA-256 of large content, with OpenSSL, for the importer and the fetcher. */
#ifndef IMAGE_HASH_H
#define IMAGE_HASH_H

#include <openssl/evp.h>
#include <stddef.h>

#include "common/digest.h"

struct hash {
	EVP_MD_CTX *context;
};

/* Ends the program when OpenSSL has no memory or no SHA-256. */
void hash_start(struct hash *hash);
void hash_update(struct hash *hash, const void *bytes, size_t length);
/* Releases the hash and writes "sha256:<hex>"; digest may be NULL. A hash that was never started is fine then. */
void hash_finish(struct hash *hash, char digest[CT_DIGEST_LENGTH + 1]);

#endif
