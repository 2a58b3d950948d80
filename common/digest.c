#include "common/digest.h"

#include <sha2.h>
#include <stdint.h>
#include <string.h>

void ct_digest(const void *bytes, size_t length, char digest[CT_DIGEST_LENGTH + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t hash[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, bytes, length);
	SHA256Final(hash, &context);
	memcpy(digest, "sha256:", 7);
	for (size_t i = 0; i < sizeof(hash); i++) {
		digest[7 + 2 * i] = hex[hash[i] >> 4];
		digest[8 + 2 * i] = hex[hash[i] & 15];
	}
	digest[CT_DIGEST_LENGTH] = '\0';
}

_Bool ct_digest_is_valid(const char *text)
{
	return strncmp(text, "sha256:", 7) == 0 && strlen(text) == CT_DIGEST_LENGTH &&
	       strspn(text + 7, "0123456789abcdef") == 64;
}
