/*
 * tar:// and preset://: a plain root file system, unpacked while it is read, or an archive of images, whose files
 * become blobs first.
 *
 * Which of the two it is cannot be asked: manifest.json and oci-layout, by which archives of images are
 * known, may come last. So the names it begins with decide how it is read, and where that turns out to have been
 * wrong it is read once more, the other way.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/collect.h"
#include "ctst-image/docker_archive.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/import.h"
#include "ctst-image/stream.h"
#include "ctst-image/tar_unpack.h"

/* So many entries without content may come before the first that tells. */
#define MAX_PEEK 64

enum reading { READ_WRONGLY = 1 }; /* beside 0 and -1: it is of the other kind */

static struct stream *open_stream(struct import *import, int copy_fd, bool hash, struct ct_err *err)
{
	struct stream_plan plan = {
		.fd = import->source_fd, .name = import->path, .copy_fd = copy_fd, .plain_copy = true, .hash = hash
	};

	return stream_open(&plan, err);
}

/* ---- a root file system ---- */

static bool holds_text(int tree, const char *name, const char *first, const char *second)
{
	ct_autoclose int fd = ct_open_in_root(tree, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	char text[4096];
	ssize_t length = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, first) && strstr(text, second);
}

static bool is_image_after_all(int tree)
{
	return (holds_text(tree, "oci-layout", "imageLayoutVersion", "") &&
		holds_text(tree, "index.json", "manifests", "")) ||
	       holds_text(tree, "manifest.json", "\"Config\"", "\"Layers\"");
}

static void describe_layer(struct single_layer *layer, struct import *import, const struct stream_facts *facts)
{
	static const char *const media_types[] = {
		[COMPRESSION_NONE] = "application/vnd.oci.image.layer.v1.tar",
		[COMPRESSION_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
		[COMPRESSION_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
		[COMPRESSION_XZ] = "application/vnd.oci.image.layer.v1.tar",
	};
	bool plain = facts->compression == COMPRESSION_XZ;

	strcpy(import->digest, facts->source_digest);
	strcpy(layer->diff_id, facts->content_digest);
	strcpy(layer->blob, plain ? facts->content_digest : facts->source_digest);
	layer->blob_size = plain ? facts->content_bytes : facts->source_bytes;
	layer->media_type = media_types[facts->compression];
}

static int read_tree(struct single_layer *layer, struct import *import, struct stream *stream, struct ct_err *err)
{
	struct stream_facts facts;

	if (tar_unpack(stream, &layer->unpack, &import->progress, err) < 0)
		return -1;
	if (is_image_after_all(layer->tree_fd))
		return READ_WRONGLY;
	if (stream_finish(stream, &facts, err) < 0 ||
	    unpack_finish(&layer->unpack, IMPORT_PROGRAM, import->uri.source, err) < 0)
		return -1;
	describe_layer(layer, import, &facts);
	if (!import->uri.name)
		return import_single_layer(import, layer, err);
	ct_fail(err, "I001", "it is a plain root file system, so there is nothing called '%s' in it", import->uri.name);
	return ct_err_hint(err, "leave out the '#' and what follows it");
}

static int import_root_file_system(struct import *import, struct ct_err *err)
{
	struct single_layer layer = SINGLE_LAYER_INIT;
	struct stream *stream = NULL;
	int result = single_layer_start(&layer, import, err);

	if (result == 0) {
		stream = open_stream(import, layer.blob_fd, true, err);
		result = stream ? read_tree(&layer, import, stream, err) : -1;
	}
	stream_close(stream);
	single_layer_release(&layer);
	if (result != READ_WRONGLY)
		return result;
	staging_remove_tree(&import->staging, STAGED_TREE);
	(void)unlinkat(import->staging.blobs_fd, STAGED_BLOB, 0);
	return READ_WRONGLY;
}

/* ---- images ---- */

static struct ct_json_doc *read_index(const struct import *import, const struct collected *file, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_doc *doc;

	if (ct_read_file_at(import->staging.blobs_fd, file->hex, LAYOUT_MAX_DOCUMENT, &text) < 0) {
		ct_fail_errno(err, "I002", "its index.json cannot be read");
		return NULL;
	}
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", err);
	if (!doc)
		ct_err_context(err, "its index.json");
	return doc;
}

/* Newer archives of docker are of both kinds; the index knows of platforms. */
static int choose(struct chosen *chosen, const struct collection *collection, struct import *import, struct ct_err *err)
{
	ct_autofree char *spelling = import_name_spelling(import);
	struct choice choice = { .name = import->uri.name, .spelling = spelling, .wanted = &import->wanted };
	const struct collected *index = collection_find(collection, "index.json");
	ct_autojson *doc = NULL;

	if (!index || !collection_find(collection, "oci-layout"))
		return docker_archive_choose(chosen, collection, import, &choice, err);
	doc = read_index(import, index, err);
	return doc ? choose_image(chosen, ct_json_root(doc), import->staging.blobs_fd, &choice, err) : -1;
}

static bool is_image(const struct collection *collection)
{
	return collection_find(collection, "manifest.json") ||
	       (collection_find(collection, "oci-layout") && collection_find(collection, "index.json"));
}

static int take_image(struct import *import, const struct collection *collection, struct ct_err *err)
{
	struct descriptor manifest;
	struct chosen chosen;

	if (choose(&chosen, collection, import, err) < 0)
		return -1;
	manifest = (struct descriptor){ .type = chosen.manifest_type, .size = chosen.manifest_size };
	strcpy(manifest.digest, chosen.manifest);
	return import_image(import, import->staging.blobs_fd, false, &manifest, err);
}

/* A preset's own settings belong to a root file system; an image has its own. */
static int check_preset(const struct import *import, struct ct_err *err)
{
	static const char *const settings[] = { "user", "env", "entrypoint", "cmd", "workdir" };

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!ct_json_get(import->preset.entry, settings[i]))
			continue;
		ct_fail(err, "I004",
			"its archive holds an image, which has settings of its own beside the preset's '%s'",
			settings[i]);
		return ct_err_hint(err, "take '%s' out of the preset, or use an archive of the root file system",
				   settings[i]);
	}
	return 0;
}

static int read_images(struct import *import, struct stream *stream, struct ct_err *err)
{
	struct collection collection = COLLECTION_INIT;
	struct stream_facts facts;
	int result = collect_archive(&collection, import, stream, err);

	if (result == 0 && is_image(&collection))
		result = check_preset(import, err);
	if (result == 0 && !is_image(&collection))
		result = READ_WRONGLY;
	if (result == 0)
		result = stream_finish(stream, &facts, err);
	if (result == 0) {
		strcpy(import->digest, facts.source_digest);
		result = take_image(import, &collection, err);
	}
	for (size_t i = 0; result == READ_WRONGLY && i < collection.count; i++) {
		if (collection.items[i].hex[0])
			(void)unlinkat(import->staging.blobs_fd, collection.items[i].hex, 0);
	}
	collection_release(&collection);
	return result;
}

static int import_images(struct import *import, struct ct_err *err)
{
	struct stream *stream = open_stream(import, -1, true, err);
	int result = stream ? read_images(import, stream, err) : -1;

	stream_close(stream);
	return result;
}

/* ---- which ---- */

/* 1: it begins as archives of images do; 0: it does not, or is none. */
static int begins_as_images(struct stream *stream)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct archive_entry *entry;
	struct tar_reader tar;
	char path[PATH_MAX];
	int verdict = -1;

	if (tar_open(&tar, stream, &ignored) == 0) {
		for (int i = 0; verdict < 0 && i < MAX_PEEK && tar_next(&tar, &entry, &ignored) > 0; i++) {
			const char *name = archive_entry_pathname(entry);

			if (!name || entry_path_normalise(name, path, &ignored) < 0)
				verdict = 0;
			else if (archive_entry_filetype(entry) != AE_IFDIR)
				verdict = collect_is_usual_name(path);
		}
	}
	tar_close(&tar);
	return verdict > 0;
}

static int guess(struct import *import, bool *images, struct ct_err *err)
{
	struct stream *stream = open_stream(import, -1, false, err);

	if (!stream)
		return -1;
	*images = begins_as_images(stream);
	stream_close(stream);
	return 0;
}

int import_archive(struct import *import, struct ct_err *err)
{
	int result = READ_WRONGLY;
	bool images;

	if (import_look_at_source(import, err) < 0 || guess(import, &images, err) < 0)
		return -1;
	for (int attempt = 0; result == READ_WRONGLY && attempt < 2; attempt++, images = !images)
		result = images ? import_images(import, err) : import_root_file_system(import, err);
	if (result == READ_WRONGLY)
		return ct_fail(err, "I004", "it is neither a root file system nor an archive of images");
	return result < 0 ? -1 : import_check_unchanged(import, err);
}
