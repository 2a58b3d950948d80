#include "ctst-image/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void broken(void) __attribute__((noreturn));

static void broken(void)
{
	fprintf(stderr, "%s: SHA-256 is not available from OpenSSL\n", program_invocation_short_name);
	exit(1);
}

void hash_start(struct hash *hash)
{
	hash->context = EVP_MD_CTX_new();
	if (!hash->context || !EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL))
		broken();
}

void hash_update(struct hash *hash, const void *bytes, size_t length)
{
	if (!EVP_DigestUpdate(hash->context, bytes, length))
		broken();
}

void hash_finish(struct hash *hash, char digest[CT_DIGEST_LENGTH + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];

	if (digest) {
		if (!EVP_DigestFinal_ex(hash->context, bytes, NULL))
			broken();
		memcpy(digest, "sha256:", 7);
		for (size_t i = 0; i < 32; i++) {
			digest[7 + 2 * i] = hex[bytes[i] >> 4];
			digest[8 + 2 * i] = hex[bytes[i] & 15];
		}
		digest[CT_DIGEST_LENGTH] = '\0';
	}
	EVP_MD_CTX_free(hash->context);
	hash->context = NULL;
}
