#include "ctst-image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/layout.h"

struct ct_json_doc *store_read_blob(const char *images, const char *digest, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/blobs/sha256", images);
	ct_autoclose int blobs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct descriptor descriptor = { .size = -1 };
	ct_autobuf text = CT_BUF_INIT;

	if (blobs < 0) {
		ct_fail_errno(err, "I001", "cannot read the blobs of '%s'", images);
		return NULL;
	}
	strcpy(descriptor.digest, digest);
	if (layout_read(blobs, &descriptor, &text, err) < 0)
		return NULL;
	return ct_json_parse(text.length ? text.data : "", text.length, "I002", err);
}

/*
 * OverlayFS refuses a directory that is a layer twice. Where an image repeats one, its lower place adds
 * nothing: all it shows or hides, it shows or hides from the higher place as well.
 */
static bool comes_again(const struct ct_json *diff_id)
{
	for (const struct ct_json *later = diff_id->next; later; later = later->next) {
		if (later->type == CT_JSON_STRING && strcmp(later->text, diff_id->text) == 0)
			return true;
	}
	return false;
}

static int add_layers(struct store_image *image, const char *layers, struct ct_err *err)
{
	const struct ct_json *rootfs = ct_json_get(ct_json_root(image->config), "rootfs");
	const struct ct_json *diff_ids = ct_json_get_typed(rootfs, "diff_ids", CT_JSON_ARRAY);

	if (!diff_ids || diff_ids->length == 0 || diff_ids->length > STORE_MAX_LAYERS)
		return ct_fail(err, "I002", "an image config lists no layers, or too many");
	image->layers = ct_alloc_array(diff_ids->length, sizeof(*image->layers));
	ct_json_each(diff_id, diff_ids) {
		struct stat status;
		char *path;

		if (diff_id->type != CT_JSON_STRING || !ct_digest_is_valid(diff_id->text))
			return ct_fail(err, "I002", "an image config has a malformed diff-id");
		if (comes_again(diff_id))
			continue;
		path = ct_asprintf("%s/%s", layers, diff_id->text + strlen("sha256:"));
		image->layers[image->layer_count++] = path;
		if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
			return ct_fail(err, "I001", "layer '%s' is not unpacked", path);
	}
	return 0;
}

static void add_sizes(struct store_image *image)
{
	const struct ct_json *layers = ct_json_get(ct_json_root(image->manifest), "layers");
	int64_t size;

	ct_json_each(layer, layers) {
		if (ct_json_get_int(layer, "size", &size) && size > 0 && size < INT64_MAX / STORE_MAX_LAYERS)
			image->size += size;
	}
}

int store_image_load(struct store_image *image, const char *images, const char *layers, const char *manifest,
		     struct ct_err *err)
{
	const char *config;

	*image = (struct store_image)STORE_IMAGE_INIT;
	image->manifest = store_read_blob(images, manifest, err);
	if (!image->manifest)
		return -1;
	config = ct_json_get_string(ct_json_get(ct_json_root(image->manifest), "config"), "digest");
	if (!config || !ct_digest_is_valid(config))
		return ct_fail(err, "I002", "manifest %s names no config", manifest);
	image->config = store_read_blob(images, config, err);
	if (!image->config)
		return -1;
	add_sizes(image);
	return add_layers(image, layers, err);
}

void store_image_release(struct store_image *image)
{
	ct_json_free(image->manifest);
	ct_json_free(image->config);
	for (size_t i = 0; i < image->layer_count; i++)
		free(image->layers[i]);
	free(image->layers);
	*image = (struct store_image)STORE_IMAGE_INIT;
}

struct ct_json_doc *store_read_index(const char *images, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/index.json", images);
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_doc *doc;

	*err = (struct ct_err)CT_ERR_INIT;
	if (ct_read_file_at(AT_FDCWD, path, LAYOUT_MAX_DOCUMENT, &text) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			ct_fail_errno(err, errno == EACCES ? "S003" : "S001", "cannot read the image index '%s'", path);
		return NULL;
	}
	if (text.length == 0)
		return NULL;
	doc = ct_json_parse(text.data, text.length, "S001", err);
	if (doc && ct_json_get_typed(ct_json_root(doc), "manifests", CT_JSON_ARRAY))
		return doc;
	if (doc)
		ct_fail(err, "S001", "it lists no manifests");
	ct_json_free(doc);
	ct_err_context(err, "image index '%s'", path);
	ct_err_hint(err, "move the file away; the next build writes a new one");
	return NULL;
}
