/*
 * SHA-256 for the start path, where OpenSSL would cost more than the rest of a
 * program's start. For large content the image helpers use OpenSSL.
 */
#ifndef CT_DIGEST_H
#define CT_DIGEST_H

#include <stddef.h>

#define CT_DIGEST_LENGTH (7 + 64) /* "sha256:" and hex digits, as in the OCI image specification, "Digests" */

void ct_digest(const void *bytes, size_t length, char digest[CT_DIGEST_LENGTH + 1]);

/* Whether the text is "sha256:" and 64 lower-case hex digits. */
_Bool ct_digest_is_valid(const char *text);

#endif
