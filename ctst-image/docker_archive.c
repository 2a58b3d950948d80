#include "ctst-image/docker_archive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/manifest_write.h"
#include "ctst-image/store.h"

/* Enough for messages that say more than "too many". */
#define MAX_LAYERS 1024

static bool is_named(const struct ct_json *image, const char *wanted)
{
	ct_json_each(tag, ct_json_get_typed(image, "RepoTags", CT_JSON_ARRAY)) {
		if (tag->type == CT_JSON_STRING && choose_fits(tag->text, wanted))
			return true;
	}
	return false;
}

static void list_names(const struct ct_json *images, struct ct_buf *out)
{
	ct_json_each(image, images) {
		const struct ct_json *tags = ct_json_get_typed(image, "RepoTags", CT_JSON_ARRAY);

		if (!tags || tags->length == 0)
			ct_buf_printf(out, "%sone without a name", out->length ? ", " : "");
		ct_json_each(tag, tags) {
			if (tag->type == CT_JSON_STRING && out->length < 600)
				ct_buf_printf(out, "%s%s", out->length ? ", " : "", tag->text);
		}
	}
}

static const struct ct_json *find_image(const struct ct_json *images, const struct choice *choice, struct ct_err *err)
{
	ct_autobuf names = CT_BUF_INIT;

	if (!choice->name && images->length == 1)
		return images->first;
	ct_json_each(image, images) {
		if (choice->name && is_named(image, choice->name))
			return image;
	}
	list_names(images, &names);
	if (names.length == 0)
		ct_fail(err, "I001", "it holds no image");
	else
		ct_fail(err, "I001", "%s: %s",
			choice->name ? "it holds no image of that name, but" : "it holds several images", names.data);
	if (names.length > 0)
		ct_err_hint(err, "say which one, as in %sNAME", choice->spelling);
	return NULL;
}

static const struct collected *find_file(const struct collection *collection, const struct ct_json *name,
					 struct ct_err *err)
{
	const struct collected *file = NULL;

	if (!name || name->type != CT_JSON_STRING) {
		ct_fail(err, "I002", "its manifest.json is malformed");
		return NULL;
	}
	file = collection_find(collection, name->text);
	if (!file)
		ct_fail(err, "I002", "its manifest.json names '%.200s', which is not in the archive", name->text);
	return file;
}

static void fill_part(struct manifest_part *part, const struct collected *file, const char *type)
{
	*part = (struct manifest_part){ .type = type, .size = file->size };
	memcpy(part->digest, "sha256:", 7);
	memcpy(part->digest + 7, file->hex, sizeof(file->hex));
}

/* docker writes plain tars; others compress them. */
static int fill_layer(struct manifest_part *part, const struct collected *file, const struct import *import,
		      struct ct_err *err)
{
	ct_autoclose int fd = openat(import->staging.blobs_fd, file->hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned char begin[COMPRESSION_PEEK] = { 0 };
	ssize_t length = fd < 0 ? -1 : read(fd, begin, sizeof(begin));

	if (length < 0)
		return ct_fail_errno(err, "I003", "cannot read a staged blob");
	switch (compression_detect(begin, (size_t)length)) {
	case COMPRESSION_NONE:
		fill_part(part, file, "application/vnd.oci.image.layer.v1.tar");
		return 0;
	case COMPRESSION_GZIP:
		fill_part(part, file, "application/vnd.oci.image.layer.v1.tar+gzip");
		return 0;
	case COMPRESSION_ZSTD:
		fill_part(part, file, "application/vnd.oci.image.layer.v1.tar+zstd");
		return 0;
	default:
		return ct_fail(err, "I004", "the layer '%.200s' is compressed with neither gzip nor zstd", file->name);
	}
}

/* Old archives are not said to be whole by anything but this: the config's name is its digest. */
static int check_config_name(const struct collected *config, struct ct_err *err)
{
	const char *name = strrchr(config->name, '/');

	name = name ? name + 1 : config->name;
	if (strspn(name, "0123456789abcdef") != 64 || (name[64] && strcmp(name + 64, ".json") != 0) ||
	    strncmp(name, config->hex, 64) == 0)
		return 0;
	return ct_fail(err, "I002", "the config '%.200s' has the content of sha256:%s", config->name, config->hex);
}

static int stage_manifest(struct chosen *chosen, struct import *import, const struct ct_buf *text, struct ct_err *err)
{
	ct_autoclose int fd = -1;

	*chosen = (struct chosen){ .manifest_size = (int64_t)text->length };
	ct_digest(text->data, text->length, chosen->manifest);
	strcpy(chosen->digest, chosen->manifest);
	strcpy(chosen->manifest_type, TYPE_MANIFEST);
	/* It may be in the archive already: a newer docker writes it itself. */
	(void)unlinkat(import->staging.blobs_fd, digest_hex(chosen->manifest), 0);
	fd = staging_make_blob(&import->staging, digest_hex(chosen->manifest), err);
	if (fd < 0)
		return -1;
	if (ct_write_all(fd, text->data, text->length) < 0)
		return ct_fail_errno(err, "I003", "cannot write to the store '%s'", import->images);
	return 0;
}

static int convert(struct chosen *chosen, const struct collection *collection, struct import *import,
		   const struct ct_json *image, struct ct_err *err)
{
	const struct collected *file = find_file(collection, ct_json_get(image, "Config"), err);
	const struct ct_json *layers = ct_json_get_typed(image, "Layers", CT_JSON_ARRAY);
	ct_autofree struct manifest_part *parts = NULL;
	struct manifest_part config;
	ct_autobuf text = CT_BUF_INIT;
	size_t count = 0;

	if (!file || check_config_name(file, err) < 0)
		return -1;
	fill_part(&config, file, STORE_CONFIG_TYPE);
	if (!layers || layers->length > MAX_LAYERS)
		return ct_fail(err, "I003", "its manifest.json lists no layers, or more than %d", MAX_LAYERS);
	parts = ct_alloc_array(layers->length, sizeof(*parts));
	ct_json_each(layer, layers) {
		file = find_file(collection, layer, err);
		if (!file || fill_layer(&parts[count++], file, import, err) < 0)
			return -1;
	}
	if (manifest_write(&text, &config, parts, count, err) < 0)
		return -1;
	return stage_manifest(chosen, import, &text, err);
}

int docker_archive_choose(struct chosen *chosen, const struct collection *collection, struct import *import,
			  const struct choice *choice, struct ct_err *err)
{
	const struct collected *file = collection_find(collection, "manifest.json");
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	const struct ct_json *image;

	if (!file || ct_read_file_at(import->staging.blobs_fd, file->hex, LAYOUT_MAX_DOCUMENT, &text) < 0)
		return ct_fail(err, "I002", "its manifest.json cannot be read");
	doc = ct_json_parse(text.length ? text.data : "", text.length, "I002", err);
	if (!doc)
		return ct_err_context(err, "its manifest.json");
	if (ct_json_root(doc)->type != CT_JSON_ARRAY)
		return ct_fail(err, "I002", "its manifest.json is malformed");
	image = find_image(ct_json_root(doc), choice, err);
	return image ? convert(chosen, collection, import, image, err) : -1;
}
