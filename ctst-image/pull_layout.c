/* The layout that a pull makes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "ctst-image/hash.h"
#include "ctst-image/manifest_write.h"
#include "ctst-image/pull.h"
#include "ctst-image/store.h"

#define READ_AT_ONCE ((size_t)256 << 10)

static int failure(const struct pull *pull, const char *what, struct ct_err *err)
{
	ct_fail_errno(err, CT_NO_CODE, "cannot %s '%s'", what, pull->output);
	if (errno == ENOENT || errno == ENOTDIR)
		err->exit_status = CT_EXIT_NOT_FOUND;
	return -1;
}

int pull_layout_create(struct pull *pull, struct ct_err *err)
{
	ct_autofree char *blobs = ct_asprintf("%s/blobs", pull->output);
	ct_autofree char *digests = ct_asprintf("%s/sha256", blobs);

	pull->blobs_fd = pull->known_fd = -1;
	if (mkdir(pull->output, 0755) < 0) {
		failure(pull, "create", err);
		return errno == EEXIST ? ct_err_hint(err, "give the name of a directory that does not exist yet") : -1;
	}
	if (mkdir(blobs, 0755) == 0 && mkdir(digests, 0755) == 0)
		pull->blobs_fd = open(digests, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pull->blobs_fd < 0) {
		failure(pull, "create", err);
		pull_layout_remove(pull);
		return -1;
	}
	if (pull->known)
		pull->known_fd = open(pull->known, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

int pull_layout_put(const struct pull *pull, const struct ct_buf *text, const char *digest, struct ct_err *err)
{
	if (ct_replace_file_at(pull->blobs_fd, digest_hex(digest), text->length ? text->data : "", text->length, 0644,
			       false) < 0)
		return failure(pull, "write to", err);
	return 0;
}

static bool has_content(int fd, const char *digest)
{
	ct_autofree char *bytes = ct_alloc(READ_AT_ONCE);
	char actual[CT_DIGEST_LENGTH + 1];
	struct hash hash;
	ssize_t got;

	hash_start(&hash);
	while ((got = read(fd, bytes, READ_AT_ONCE)) > 0 && !fetch_signal())
		hash_update(&hash, bytes, (size_t)got);
	hash_finish(&hash, actual);
	return got == 0 && strcmp(actual, digest) == 0;
}

/* A damaged blob of the store is fetched again, and replaces it in the end. */
bool pull_layout_has(const struct pull *pull, const struct descriptor *blob)
{
	const char *name = digest_hex(blob->digest);
	struct ct_err ignored = CT_ERR_INIT;
	ct_autoclose int fd = -1;

	if (faccessat(pull->blobs_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	if (pull->known_fd < 0)
		return false;
	fd = layout_open_blob(pull->known_fd, blob, &ignored);
	return fd >= 0 && has_content(fd, blob->digest) && linkat(pull->known_fd, name, pull->blobs_fd, name, 0) == 0;
}

int pull_layout_finish(const struct pull *pull, struct ct_err *err)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
	ct_autoclose int directory = open(pull->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autofree char *name = reference_name(pull->reference);
	ct_autobuf text = CT_BUF_INIT;
	struct manifest_part manifest = { .type = pull->type, .size = pull->size };

	strcpy(manifest.digest, pull->digest);
	if (index_write_single(&text, true, &manifest, name, err) < 0)
		return -1;
	if (directory < 0 || ct_replace_file_at(directory, "oci-layout", layout, sizeof(layout) - 1, 0644, false) < 0 ||
	    ct_replace_file_at(directory, "index.json", text.data, text.length, 0644, true) < 0)
		return failure(pull, "write to", err);
	return 0;
}

void pull_layout_remove(struct pull *pull)
{
	(void)ct_remove_tree_at(AT_FDCWD, pull->output);
}
