#include "ctst-image/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"

const char *digest_hex(const char *digest)
{
	return digest + strlen("sha256:");
}

int descriptor_read(struct descriptor *descriptor, const struct ct_json *object, const char *what, struct ct_err *err)
{
	const char *digest = ct_json_get_string(object, "digest");
	const char *type = ct_json_get_string(object, "mediaType");

	*descriptor = (struct descriptor){ .type = type ? type : "", .size = -1 };
	if (!digest)
		return ct_fail(err, "I002", "%s names something without a digest", what);
	if (!ct_digest_is_valid(digest))
		return ct_fail(err, strncmp(digest, "sha256:", 7) == 0 ? "I002" : "I004",
			       "%s has the digest '%.100s', which is not SHA-256", what, digest);
	strcpy(descriptor->digest, digest);
	if (ct_json_get(object, "size") &&
	    (!ct_json_get_int(object, "size", &descriptor->size) || descriptor->size < 0))
		return ct_fail(err, "I002", "%s gives %s a size that is none", what, digest);
	/* skopeo says so of layers that were links in an archive of docker's; the digest is what counts. */
	if (descriptor->size == 0)
		descriptor->size = -1;
	return 0;
}

int layout_read(int blobs, const struct descriptor *descriptor, struct ct_buf *text, struct ct_err *err)
{
	char actual[CT_DIGEST_LENGTH + 1];

	if (ct_read_file_at(blobs, digest_hex(descriptor->digest), LAYOUT_MAX_DOCUMENT, text) < 0) {
		if (errno == EFBIG)
			return ct_fail(err, "I002", "blob %s is larger than the %zu MiB of a document",
				       descriptor->digest, LAYOUT_MAX_DOCUMENT >> 20);
		if (errno == EISDIR || errno == EINVAL || errno == ELOOP || errno == ENXIO)
			return ct_fail(err, "I002", "blob %s is not a regular file", descriptor->digest);
		return ct_fail_errno(err, "I001", "cannot read blob %s", descriptor->digest);
	}
	ct_digest(text->length ? text->data : "", text->length, actual);
	if (strcmp(actual, descriptor->digest) != 0)
		return ct_fail(err, "I002", "blob %s has the content of %s", descriptor->digest, actual);
	if (descriptor->size >= 0 && (uint64_t)descriptor->size != text->length)
		return ct_fail(err, "I002", "blob %s has %zu bytes, not the %lld that are said of it",
			       descriptor->digest, text->length, (long long)descriptor->size);
	return 0;
}

/* Looked at before it is opened: to open a device can do things. */
int layout_open_blob(int blobs, const struct descriptor *descriptor, struct ct_err *err)
{
	const char *name = digest_hex(descriptor->digest);
	struct stat status;
	int fd;

	if (fstatat(blobs, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return ct_fail_errno(err, "I001", "cannot find blob %s", descriptor->digest);
	if (!S_ISREG(status.st_mode))
		return ct_fail(err, "I002", "blob %s is not a regular file", descriptor->digest);
	fd = openat(blobs, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return ct_fail_errno(err, "I001", "cannot read blob %s", descriptor->digest);
	if (descriptor->size >= 0 && (fstat(fd, &status) < 0 || status.st_size != descriptor->size)) {
		close(fd);
		return ct_fail(err, "I002", "blob %s has %lld bytes, not the %lld that are said of it",
			       descriptor->digest, (long long)status.st_size, (long long)descriptor->size);
	}
	return fd;
}
