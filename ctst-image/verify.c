/*
 * `ctst-image-import --verify`: every blob is hashed and compared with its name, every image
 * of the index is followed to blobs that are there, and every unpacked layer is compared
 * with the blob it came from (verify_layer.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/hash.h"
#include "ctst-image/import.h"
#include "ctst-image/manifest.h"
#include "ctst-image/store.h"
#include "ctst-image/verify_layer.h"

#define CHUNK ((size_t)1 << 20)
#define MAX_DEPTH 4 /* of indexes */

struct verification {
	const char *images;
	const char *layers;
	struct ct_buf *out;
	char *chunk;
	int64_t blobs;
	int64_t image_count;
	int64_t damaged;
	char **seen; /* diff-ids that have been compared, for images share layers */
	size_t seen_count;
};

/* Damage is part of the report; the verdict at the end is the error. */
static void report(struct verification *verification, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void report(struct verification *verification, const char *format, ...)
{
	char message[1536];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	verification->damaged++;
	ct_buf_printf(verification->out, "damaged: %s\n", message);
}

static int hash_file(struct verification *verification, int directory, const char *name,
		     char digest[CT_DIGEST_LENGTH + 1])
{
	ct_autoclose int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct hash hash;
	ssize_t got = fd < 0 ? -1 : 1;

	hash_start(&hash);
	while (got > 0) {
		got = read(fd, verification->chunk, CHUNK);
		if (got < 0 && errno == EINTR && import_signal() == 0)
			got = 1;
		else if (got > 0)
			hash_update(&hash, verification->chunk, (size_t)got);
	}
	hash_finish(&hash, digest);
	return (int)got;
}

static void check_blob(struct verification *verification, int directory, const char *name)
{
	char expected[CT_DIGEST_LENGTH + 1], actual[CT_DIGEST_LENGTH + 1];

	snprintf(expected, sizeof(expected), "sha256:%.64s", name);
	if (!ct_digest_is_valid(expected) || strlen(name) != 64)
		return;
	verification->blobs++;
	if (hash_file(verification, directory, name, actual) < 0)
		report(verification, "blob %s cannot be read: %s", expected, strerror(errno));
	else if (strcmp(expected, actual) != 0)
		report(verification, "blob %s has the content of %s", expected, actual);
}

static int check_blobs(struct verification *verification, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/blobs/sha256", verification->images);
	DIR *stream = opendir(path);
	struct dirent *entry;

	if (!stream)
		return errno == ENOENT ? 0 : ct_fail_errno(err, "S003", "cannot read '%s'", path);
	while ((entry = readdir(stream)) && import_signal() == 0)
		check_blob(verification, dirfd(stream), entry->d_name);
	closedir(stream);
	return import_check_signals(err);
}

static bool see(struct verification *verification, const char *diff_id)
{
	for (size_t i = 0; i < verification->seen_count; i++) {
		if (strcmp(verification->seen[i], diff_id) == 0)
			return false;
	}
	verification->seen = ct_realloc_array(verification->seen, verification->seen_count + 1,
					      sizeof(*verification->seen));
	verification->seen[verification->seen_count++] = ct_strdup(diff_id);
	return true;
}

/* A layer that is not unpacked is unpacked when it is needed first: only its blob has to be there. */
static void check_layer(struct verification *verification, int blobs, const struct manifest_layer *layer)
{
	const char *hex = digest_hex(layer->diff_id);
	ct_autofree char *tree = ct_asprintf("%s/%s", verification->layers, hex);
	ct_autofree char *blob = ct_asprintf("%s/blobs/sha256/%s", verification->images,
					     digest_hex(layer->blob.digest));
	struct ct_err found = CT_ERR_INIT;
	ct_autoclose int fd = layout_open_blob(blobs, &layer->blob, &found);
	struct stat status;

	if (fd < 0) {
		report(verification, "layer %s: %s", hex, found.message);
		return;
	}
	if ((lstat(tree, &status) < 0 && errno == ENOENT) || !see(verification, layer->diff_id))
		return;
	if (verify_layer(tree, blob, &found) < 0)
		report(verification, "layer %s: %s", hex, found.message);
}

static void check_manifest(struct verification *verification, int blobs, const struct descriptor *descriptor)
{
	struct manifest manifest = MANIFEST_INIT;
	struct ct_err found = CT_ERR_INIT;

	/* What is no image is nobody's damage: signatures and attestations lie beside images. */
	if (manifest_load(&manifest, blobs, descriptor, &found) < 0 && strcmp(found.code, "I004") != 0)
		report(verification, "image %s: %s", descriptor->digest, found.message);
	else if (!found.message[0])
		verification->image_count++;
	for (size_t i = 0; !found.message[0] && i < manifest.layer_count && import_signal() == 0; i++)
		check_layer(verification, blobs, &manifest.layers[i]);
	manifest_release(&manifest);
}

/* An index of platforms need not have all of them in the store. The depth is bounded. */
static void check_image(struct verification *verification, int blobs, const struct ct_json *object, int depth)
{
	struct descriptor descriptor;
	struct ct_err found = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	const struct ct_json *manifests;

	if (descriptor_read(&descriptor, object, "the index", &found) < 0 ||
	    (depth > 0 && faccessat(blobs, digest_hex(descriptor.digest), F_OK, 0) < 0))
		return;
	if (layout_read(blobs, &descriptor, &text, &found) < 0) {
		report(verification, "image %s: %s", descriptor.digest, found.message);
		return;
	}
	doc = ct_json_parse(text.data, text.length, "I002", &found);
	manifests = doc ? ct_json_get_typed(ct_json_root(doc), "manifests", CT_JSON_ARRAY) : NULL;
	if (!manifests) {
		check_manifest(verification, blobs, &descriptor);
		return;
	}
	ct_json_each(child, depth < MAX_DEPTH ? manifests : NULL)
		check_image(verification, blobs, child, depth + 1);
}

static int check_store(struct verification *verification, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/blobs/sha256", verification->images);
	ct_autoclose int blobs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ct_autojson *index = store_read_index(verification->images, err);

	if (!index && err->message[0])
		return -1;
	if (check_blobs(verification, err) < 0)
		return -1;
	ct_json_each(descriptor, index ? ct_json_get(ct_json_root(index), "manifests") : NULL)
		check_image(verification, blobs, descriptor, 0);
	return import_check_signals(err);
}

int verify_store(const char *images, const char *layers, struct ct_buf *out, struct ct_err *err)
{
	struct verification verification = { .images = images, .layers = layers, .out = out, .chunk = ct_alloc(CHUNK) };
	int result = check_store(&verification, err);

	for (size_t i = 0; i < verification.seen_count; i++)
		free(verification.seen[i]);
	free(verification.seen);
	free(verification.chunk);
	if (result < 0)
		return -1;
	ct_buf_printf(out, "%lld images, %lld blobs, %zu layers checked, %lld damaged\n",
		      (long long)verification.image_count, (long long)verification.blobs, verification.seen_count,
		      (long long)verification.damaged);
	if (verification.damaged == 0)
		return 0;
	ct_fail(err, "I002", "the store '%s' is damaged in %lld place%s", images, (long long)verification.damaged,
		verification.damaged == 1 ? "" : "s");
	return ct_err_hint(err, "remove the store and build again; nothing in it is the only copy of a source");
}
