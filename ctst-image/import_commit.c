/*
 * The end of an import: what was staged becomes an image of the store. The order decides
 * what a crash can leave: content first, what names it next, the record that makes the
 * next build trust it last.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "ctst-image/import.h"
#include "ctst-image/index_write.h"
#include "ctst-image/manifest_write.h"
#include "ctst-image/reference.h"
#include "ctst-image/source.h"
#include "ctst-image/store.h"

static int store_failure(struct ct_err *err, const char *what)
{
	return ct_fail_errno(err, errno == EACCES || errno == EPERM ? "S003" : "I003", "cannot write %s to the store",
			     what);
}

static int make_layout(const struct import *import, struct ct_err *err)
{
	static const char *const directories[] = { "blobs", "blobs/sha256", "sources" };
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
	int images = import->staging.images_fd;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (mkdirat(images, directories[i], 0755) < 0 && errno != EEXIST)
			return store_failure(err, directories[i]);
	}
	if (faccessat(images, "oci-layout", F_OK, 0) == 0)
		return 0;
	if (ct_replace_file_at(images, "oci-layout", layout, sizeof(layout) - 1, 0644, false) < 0)
		return store_failure(err, "oci-layout");
	return 0;
}

/* Stores a small document under its digest. */
static int put_document(struct import *import, const struct ct_buf *text, char digest[CT_DIGEST_LENGTH + 1],
			struct ct_err *err)
{
	ct_autoclose int blobs = openat(import->staging.images_fd, "blobs/sha256", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ct_digest(text->data, text->length, digest);
	staging_note_blob(&import->staging, digest_hex(digest));
	if (blobs < 0 || ct_replace_file_at(blobs, digest_hex(digest), text->data, text->length, 0644, false) < 0)
		return store_failure(err, "a blob");
	return 0;
}

/* oci:// without its pin and platform is a reference that every tool knows. */
static char *name_of(const struct import *import)
{
	return reference_of_uri(import->uri.scheme == IMAGE_REGISTRY ? import->uri.path : import->uri.source);
}

/* `source` false: only a further name. */
static void write_descriptor(struct ct_json_writer *writer, const struct import *import, const char *manifest,
			     const char *name, bool source)
{
	char created[CT_TIME_LENGTH + 1];

	ct_format_time(ct_now(), created);
	descriptor_open(writer, import->manifest_type, manifest, (int64_t)import->manifest.length);
	ct_json_key(writer, "annotations");
	ct_json_open_object(writer);
	ct_json_member_string(writer, STORE_REF_NAME, name);
	ct_json_member_string(writer, STORE_CREATED, created);
	ct_json_member_string(writer, STORE_SOURCE, source ? import->uri.source : NULL);
	ct_json_member_string(writer, STORE_SOURCE_DIGEST, source ? import->digest : NULL);
	ct_json_close_object(writer);
	ct_json_close_object(writer);
}

/* Without its name, which belongs to the last image that got it. One that had nothing but the name is replaced. */
static void write_unnamed(struct ct_json_writer *writer, const struct ct_json *descriptor, const struct ct_json *notes)
{
	if (!ct_json_get(notes, STORE_SOURCE))
		return;
	ct_json_open_object(writer);
	ct_json_each(member, descriptor) {
		if (member != notes)
			ct_json_member_value(writer, member->key, member);
	}
	ct_json_key(writer, "annotations");
	ct_json_open_object(writer);
	ct_json_each(note, notes) {
		if (strcmp(note->key, STORE_REF_NAME) != 0)
			ct_json_member_value(writer, note->key, note);
	}
	ct_json_close_object(writer);
	ct_json_close_object(writer);
}

static void write_other(struct ct_json_writer *writer, const struct import *import, const struct ct_json *descriptor,
			const char *name)
{
	const struct ct_json *notes = ct_json_get_typed(descriptor, "annotations", CT_JSON_OBJECT);
	const char *source = ct_json_get_string(notes, STORE_SOURCE);
	const char *its_name = ct_json_get_string(notes, STORE_REF_NAME);

	if (source && strcmp(source, import->uri.source) == 0)
		return;
	if (its_name && (strcmp(its_name, name) == 0 || (import->name && strcmp(its_name, import->name) == 0)))
		write_unnamed(writer, descriptor, notes);
	else
		ct_json_value(writer, descriptor);
}

/* Whatever else is in the index stays, also what other tools have put there. */
static int update_index(const struct import *import, const char *manifest, struct ct_err *err)
{
	ct_autojson *old = store_read_index(import->images, err);
	const struct ct_json *root = old ? ct_json_root(old) : NULL;
	ct_autofree char *name = name_of(import);
	struct index_write index;

	if (!old && err->message[0])
		return -1;
	index_write_begin(&index, root);
	ct_json_each(descriptor, ct_json_get(root, "manifests"))
		write_other(index.writer, import, descriptor, name);
	write_descriptor(index.writer, import, manifest, name, true);
	if (import->name && strcmp(import->name, name) != 0)
		write_descriptor(index.writer, import, manifest, import->name, false);
	return index_write_end(&index, import->staging.images_fd, false, err);
}

static const char *kind_of(const struct import *import)
{
	if (image_uri_is_remote(&import->uri))
		return import->uri.scheme == IMAGE_REGISTRY ? "registry" : "download";
	if (import->uri.scheme == IMAGE_PRESET)
		return "preset";
	return import->uri.scheme == IMAGE_DIRECTORY ? "directory" : "archive";
}

static int format_record(const struct import *import, const char *manifest, struct ct_buf *text, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(text, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.source/1");
	ct_json_member_string(writer, "uri", import->uri.source);
	ct_json_member_string(writer, "kind", kind_of(import));
	if (!image_uri_is_remote(&import->uri))
		ct_json_member_string(writer, "path", import->path);
	ct_json_member_int(writer, "device", (int64_t)import->facts.device);
	ct_json_member_int(writer, "inode", (int64_t)import->facts.inode);
	ct_json_member_int(writer, "mode", import->facts.mode);
	ct_json_member_int(writer, "size", import->facts.size);
	ct_json_member_int(writer, "mtime_ns", import->facts.mtime);
	ct_json_member_int(writer, "ctime_ns", import->facts.ctime);
	if (import->preset.entry)
		ct_json_member_string(writer, "preset", import->preset.definition);
	if (import->index_id[0])
		ct_json_member_string(writer, "index", import->index_id);
	ct_json_member_string(writer, "request", import->request);
	ct_json_member_string(writer, "digest", import->digest);
	ct_json_member_string(writer, "manifest", manifest);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

static int put_record(const struct import *import, const char *manifest, struct ct_err *err)
{
	ct_autoclose int sources = openat(import->staging.images_fd, "sources", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ct_autobuf text = CT_BUF_INIT;
	char key[65], name[80];

	image_source_key(import->uri.source, key);
	if (format_record(import, manifest, &text, err) < 0)
		return -1;
	snprintf(name, sizeof(name), "%s.index", key);
	if (sources < 0 || (import->index_id[0] && ct_replace_file_at(sources, name, import->index.data,
								      import->index.length, 0644, false) < 0))
		return store_failure(err, "an index");
	snprintf(name, sizeof(name), "%s.json", key);
	if (ct_replace_file_at(sources, name, text.data, text.length, 0644, true) < 0)
		return store_failure(err, "a record");
	return 0;
}

static int publish_trees(struct import *import, struct ct_err *err)
{
	for (size_t i = 0; i < import->tree_count; i++) {
		if (staging_publish_tree(&import->staging, import->trees[i].name, import->trees[i].hex, err) < 0)
			return -1;
	}
	return 0;
}

static int publish_blobs(struct import *import, struct ct_err *err)
{
	for (size_t i = 0; i < import->blob_count; i++) {
		if (staging_publish_blob(&import->staging, import->blobs[i].name, import->blobs[i].hex, err) < 0)
			return -1;
	}
	return 0;
}

/* What the failed import had written is gone by now, so there is room for what was there before. */
static void restore_index(const struct import *import, const struct ct_buf *before)
{
	if (before->length == 0)
		unlinkat(import->staging.images_fd, "index.json", 0);
	else
		(void)ct_replace_file_at(import->staging.images_fd, "index.json", before->data, before->length, 0644,
					 false);
}

static int describe(struct import *import, const char *manifest, struct ct_err *err)
{
	ct_autobuf before = CT_BUF_INIT;

	(void)ct_read_file_at(import->staging.images_fd, "index.json", LAYOUT_MAX_DOCUMENT, &before);
	if (update_index(import, manifest, err) < 0)
		return -1;
	if (put_record(import, manifest, err) == 0)
		return 0;
	staging_revert(&import->staging);
	restore_index(import, &before);
	return -1;
}

static int publish(struct import *import, struct ct_err *err)
{
	char config[CT_DIGEST_LENGTH + 1], manifest[CT_DIGEST_LENGTH + 1];

	if (make_layout(import, err) < 0 || publish_blobs(import, err) < 0 || publish_trees(import, err) < 0 ||
	    put_document(import, &import->config, config, err) < 0 ||
	    put_document(import, &import->manifest, manifest, err) < 0)
		return -1;
	return describe(import, manifest, err);
}

int import_commit(struct import *import, struct ct_err *err)
{
	int result;

	if (staging_sync(&import->staging, err) < 0 || staging_lock(&import->staging, err) < 0)
		return -1;
	result = publish(import, err);
	if (result < 0)
		staging_revert(&import->staging);
	staging_unlock(&import->staging);
	return result;
}

int import_commit_trees(struct import *import, struct ct_err *err)
{
	int result;

	if (staging_sync(&import->staging, err) < 0 || staging_lock(&import->staging, err) < 0)
		return -1;
	result = publish_trees(import, err);
	if (result < 0)
		staging_revert(&import->staging);
	staging_unlock(&import->staging);
	return result;
}
