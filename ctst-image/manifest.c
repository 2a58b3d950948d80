#include "ctst-image/manifest.h"

#include <stdlib.h>
#include <string.h>

/* layer.md, "Distributable Format" and "Non-Distributable Layers"; docker's image-v2-2.md. */
static const char *const layer_types[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.oci.image.layer.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
	"application/vnd.docker.image.rootfs.diff.tar.zstd",
};

static int check_layer_type(const struct descriptor *layer, struct ct_err *err)
{
	for (size_t i = 0; i < sizeof(layer_types) / sizeof(layer_types[0]); i++) {
		if (strcmp(layer->type, layer_types[i]) == 0)
			return 0;
	}
	if (strstr(layer->type, "nondistributable") || strstr(layer->type, "foreign")) {
		ct_fail(err, "I004", "layer %s may not be distributed and has to come from its owner", layer->digest);
		return ct_err_hint(err, "images with such layers, mostly those of Windows, cannot be used here");
	}
	if (strstr(layer->type, "encrypted"))
		return ct_fail(err, "I004", "layer %s is encrypted", layer->digest);
	return ct_fail(err, "I004", "layer %s is of the type '%.100s', which is none of a file system", layer->digest,
		       layer->type);
}

static int read_layers(struct manifest *manifest, const struct ct_json *layers, const struct ct_json *diff_ids,
		       struct ct_err *err)
{
	const struct ct_json *diff_id = diff_ids->first;

	manifest->layers = ct_alloc_array(layers->length, sizeof(*manifest->layers));
	ct_json_each(object, layers) {
		struct manifest_layer *layer = &manifest->layers[manifest->layer_count++];

		if (descriptor_read(&layer->blob, object, "the manifest", err) < 0 ||
		    check_layer_type(&layer->blob, err) < 0)
			return -1;
		if (diff_id->type != CT_JSON_STRING || !ct_digest_is_valid(diff_id->text))
			return ct_fail(err, "I002", "the config has a malformed diff-id");
		strcpy(layer->diff_id, diff_id->text);
		diff_id = diff_id->next;
	}
	return 0;
}

static int read_documents(struct manifest *manifest, int blobs, const struct descriptor *descriptor, struct ct_err *err)
{
	struct descriptor config;

	if (layout_read(blobs, descriptor, &manifest->text, err) < 0)
		return -1;
	manifest->doc = ct_json_parse(manifest->text.length ? manifest->text.data : "", manifest->text.length, "I002",
				      err);
	if (!manifest->doc)
		return ct_err_context(err, "manifest %s", descriptor->digest);
	if (!ct_json_get(ct_json_root(manifest->doc), "config"))
		return ct_fail(err, "I004", "manifest %s names no config", descriptor->digest);
	if (descriptor_read(&config, ct_json_get(ct_json_root(manifest->doc), "config"), "the manifest", err) < 0 ||
	    layout_read(blobs, &config, &manifest->config_text, err) < 0)
		return -1;
	manifest->config = ct_json_parse(manifest->config_text.length ? manifest->config_text.data : "",
					 manifest->config_text.length, "I002", err);
	return manifest->config ? 0 : ct_err_context(err, "config %s", config.digest);
}

int manifest_load(struct manifest *manifest, int blobs, const struct descriptor *descriptor, struct ct_err *err)
{
	const struct ct_json *layers, *diff_ids;

	if (read_documents(manifest, blobs, descriptor, err) < 0)
		return -1;
	layers = ct_json_get_typed(ct_json_root(manifest->doc), "layers", CT_JSON_ARRAY);
	diff_ids = ct_json_get_typed(ct_json_get(ct_json_root(manifest->config), "rootfs"), "diff_ids", CT_JSON_ARRAY);
	if (!layers || !diff_ids)
		return ct_fail(err, "I004", "manifest %s is not one of an image with a file system",
			       descriptor->digest);
	if (layers->length != diff_ids->length)
		return ct_fail(err, "I002", "the manifest has %zu layers, the config %zu", layers->length,
			       diff_ids->length);
	if (layers->length == 0)
		return ct_fail(err, "I004", "it has no layers");
	if (layers->length > MANIFEST_MAX_LAYERS)
		return ct_fail(err, "I003", "it has %zu layers, more than the %d that a container can have",
			       layers->length, MANIFEST_MAX_LAYERS);
	return read_layers(manifest, layers, diff_ids, err);
}

void manifest_release(struct manifest *manifest)
{
	ct_json_free(manifest->doc);
	ct_json_free(manifest->config);
	ct_buf_free(&manifest->text);
	ct_buf_free(&manifest->config_text);
	free(manifest->layers);
	*manifest = (struct manifest)MANIFEST_INIT;
}
