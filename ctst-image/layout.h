/*
 * Reading an OCI image layout, wherever it is: the store, a directory, what an archive held
 * (descriptor.md and image-layout.md of the OCI image specification 1.1).
 *
 * `blobs` is a directory whose files are named by the hex digits of their SHA-256. Trust:
 * the content is a stranger's, so every document is bounded and hashed before it is believed,
 * and nothing but a regular file is ever opened for reading.
 */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"

#define LAYOUT_MAX_DOCUMENT ((size_t)16 << 20)

struct descriptor {
	const char *type; /* media type; "" when it has none; belongs to the document */
	char digest[CT_DIGEST_LENGTH + 1];
	int64_t size; /* -1: not said */
};

/* `what` is who says so, for the message. -1: I002 (malformed), I004 (another digest than SHA-256). */
int descriptor_read(struct descriptor *descriptor, const struct ct_json *object, const char *what, struct ct_err *err);

/* The hex digits. */
const char *digest_hex(const char *digest);

/* Reads a document of the size and digest that its descriptor has. -1: I001 (not there), I002. */
int layout_read(int blobs, const struct descriptor *descriptor, struct ct_buf *text, struct ct_err *err);

/* Opens a blob, a regular file of the descriptor's size. -1: I001, I002. The content is not looked at. */
int layout_open_blob(int blobs, const struct descriptor *descriptor, struct ct_err *err);

#endif
