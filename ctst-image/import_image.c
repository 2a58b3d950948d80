/*
 * An image that has a manifest: each layer is read once, hashed (the blob's digest), copied into the
 * staging area where it is not there yet, decompressed, hashed (the diff-id) and unpacked.
 *
 * A layer that the store has is not unpacked again. One that somebody else is unpacking is waited for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-image/choose.h"
#include "ctst-image/import.h"
#include "ctst-image/manifest.h"
#include "ctst-image/stream.h"
#include "ctst-image/tar_unpack.h"

struct layer_work {
	struct import *import;
	const struct manifest_layer *layer;
	int blob_fd;
	int copy_fd; /* -1: the blob is where it should be */
	bool unpack;
};

static bool is_listed(const struct staged_item *items, size_t count, const char *digest)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i].hex, digest_hex(digest)) == 0)
			return true;
	}
	return false;
}

static int check_digest(const char *what, const char *expected, const char *actual, struct ct_err *err)
{
	if (strcmp(expected, actual) == 0)
		return 0;
	return ct_fail(err, "I002", "%s %s has the content of %s", what, expected, actual);
}

static int finish_layer(struct layer_work *work, struct stream *stream, struct ct_err *err)
{
	struct stream_facts facts;

	if (stream_finish(stream, &facts, err) < 0 ||
	    check_digest("layer", work->layer->blob.digest, facts.source_digest, err) < 0)
		return -1;
	return work->unpack ? check_digest("the file system of a layer, by the config", work->layer->diff_id,
					   facts.content_digest, err)
			    : 0;
}

/* What cannot be unpacked may be another content than was promised: that is the better answer then. */
static int explain_failure(const struct layer_work *work, struct ct_err *err)
{
	struct stream_plan plan = {
		.fd = work->blob_fd, .name = work->layer->blob.digest, .copy_fd = -1, .as_it_is = true, .hash = true
	};
	struct ct_err ignored = CT_ERR_INIT;
	struct stream_facts facts;
	struct stream *stream;

	if (strcmp(err->code, "I003") != 0 || import_signal() != 0)
		return -1;
	stream = stream_open(&plan, &ignored);
	if (stream && stream_finish(stream, &facts, &ignored) == 0)
		(void)check_digest("layer", work->layer->blob.digest, facts.source_digest, err);
	stream_close(stream);
	return -1;
}

static int unpack_layer(struct layer_work *work, struct stream *stream, struct ct_err *err)
{
	struct import *import = work->import;
	const char *hex = digest_hex(work->layer->diff_id);
	ct_autoclose int tree = staging_make_tree(&import->staging, hex, err);
	struct unpack unpack = UNPACK_INIT;
	int result;

	if (tree < 0)
		return -1;
	unpack_start(&unpack, tree);
	unpack.entries = import->entries;
	unpack.bytes = import->bytes;
	result = tar_unpack(stream, &unpack, &import->progress, err);
	if (result == 0)
		result = finish_layer(work, stream, err);
	if (result == 0)
		result = unpack_finish(&unpack, IMPORT_PROGRAM, import->uri.source, err);
	import->entries = unpack.entries;
	import->bytes = unpack.bytes;
	unpack_release(&unpack);
	if (result == 0)
		import_add_tree(import, hex, hex);
	return result;
}

static int run_layer(struct layer_work *work, struct ct_err *err)
{
	struct stream_plan plan = { .fd = work->blob_fd,
				    .name = work->layer->blob.digest,
				    .copy_fd = work->copy_fd,
				    .as_it_is = !work->unpack,
				    .hash = true };
	struct stream *stream = stream_open(&plan, err);
	int result;

	if (!stream)
		return -1;
	result = work->unpack ? unpack_layer(work, stream, err) : finish_layer(work, stream, err);
	stream_close(stream);
	return result < 0 ? explain_failure(work, err) : 0;
}

static int take_layer(struct import *import, int blobs, bool copy, const struct manifest_layer *layer,
		      struct ct_err *err)
{
	ct_autoclose int blob_fd = -1;
	ct_autoclose int copy_fd = -1;
	struct layer_work work = { .import = import, .layer = layer, .copy_fd = -1 };
	bool known = is_listed(import->blobs, import->blob_count, layer->blob.digest);

	work.unpack = !staging_has_layer(&import->staging, digest_hex(layer->diff_id)) &&
		      !is_listed(import->trees, import->tree_count, layer->diff_id);
	copy = copy && !known;
	/* Somewhere it was verified already, and nothing is to be done with it. */
	blob_fd = layout_open_blob(blobs, &layer->blob, err);
	if (blob_fd < 0)
		return -1;
	if (copy) {
		copy_fd = staging_make_blob(&import->staging, digest_hex(layer->blob.digest), err);
		if (copy_fd < 0)
			return -1;
	}
	work.blob_fd = blob_fd;
	work.copy_fd = copy_fd;
	if ((copy || work.unpack) && run_layer(&work, err) < 0)
		return -1;
	if (!known)
		import_add_blob(import, digest_hex(layer->blob.digest), digest_hex(layer->blob.digest));
	return 0;
}

static int lock_layers(struct import *import, const struct manifest *manifest, struct ct_err *err)
{
	ct_autofree const char **names = ct_alloc_array(manifest->layer_count, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < manifest->layer_count; i++) {
		const char *hex = digest_hex(manifest->layers[i].diff_id);

		if (!staging_has_layer(&import->staging, hex))
			names[count++] = hex;
	}
	return staging_lock_layers(&import->staging, names, count, err);
}

/* An archive of docker's says only here what it is for. */
static int check_platform(const struct import *import, const struct manifest *manifest, struct ct_err *err)
{
	char text[PLATFORM_TEXT], wanted[PLATFORM_TEXT];
	struct platform platform;

	platform_read(&platform, ct_json_root(manifest->config));
	/* The variant is rarely in a config; the index has it. */
	if (!platform.variant[0])
		strcpy(platform.variant, import->wanted.variant);
	if (!platform.architecture[0] || platform_rank(&import->wanted, &platform) >= 0)
		return 0;
	platform_format(&platform, text);
	platform_format(&import->wanted, wanted);
	return choose_fail_platform(wanted, text, err);
}

static int take_layers(struct import *import, int blobs, bool copy, const struct manifest *manifest, struct ct_err *err)
{
	if (lock_layers(import, manifest, err) < 0)
		return -1;
	for (size_t i = 0; i < manifest->layer_count; i++) {
		if (take_layer(import, blobs, copy, &manifest->layers[i], err) < 0)
			return -1;
	}
	return 0;
}

int import_image(struct import *import, int blobs, bool copy, const struct descriptor *descriptor, struct ct_err *err)
{
	struct manifest manifest = MANIFEST_INIT;
	int result = manifest_load(&manifest, blobs, descriptor, err);

	if (result == 0)
		result = check_platform(import, &manifest, err);
	if (result == 0) {
		result = take_layers(import, blobs, copy, &manifest, err);
	}
	if (result == 0) {
		const char *type = ct_json_get_string(ct_json_root(manifest.doc), "mediaType");

		ct_buf_append(&import->manifest, manifest.text.data, manifest.text.length);
		ct_buf_append(&import->config, manifest.config_text.data, manifest.config_text.length);
		snprintf(import->manifest_type, sizeof(import->manifest_type), "%s",
			 type                  ? type
			 : descriptor->type[0] ? descriptor->type
					       : TYPE_MANIFEST);
	}
	manifest_release(&manifest);
	return result;
}
