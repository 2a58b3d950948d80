#include "ctst-image/pull.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "ctst-image/manifest.h"

#define MAX_DEPTH 4       /* indexes in indexes; choose.c has the same */
#define MAX_DOCUMENTS 200 /* of them, and of manifests that do not say their platform */

static int count_document(struct pull *pull, struct ct_err *err)
{
	if (++pull->documents <= MAX_DOCUMENTS)
		return 0;
	return ct_fail(err, "I004", "its indexes name more than %d documents that would have to be read",
		       MAX_DOCUMENTS);
}

static struct ct_json_doc *parse(const struct ct_buf *text, const char *digest, struct ct_err *err)
{
	struct ct_json_doc *doc = ct_json_parse(text->length ? text->data : "", text->length, "I006", err);

	if (!doc)
		ct_err_context(err, "blob %s", digest);
	return doc;
}

/* What the reference names; its digest may be known only now. */
static struct ct_json_doc *fetch_top(struct pull *pull, struct ct_err *err)
{
	const struct reference *reference = pull->reference;
	ct_autobuf text = CT_BUF_INIT;

	if (registry_manifest(&pull->registry, reference->digest[0] ? reference->digest : reference->tag, &text,
			      pull->type, err) < 0)
		return NULL;
	ct_digest(text.length ? text.data : "", text.length, pull->digest);
	pull->size = (int64_t)text.length;
	return pull_layout_put(pull, &text, pull->digest, err) < 0 ? NULL : parse(&text, pull->digest, err);
}

/* A further manifest or index, of the size that is said of it. */
static struct ct_json_doc *fetch_manifest(struct pull *pull, const struct descriptor *descriptor, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	char type[128];

	if (count_document(pull, err) < 0)
		return NULL;
	if (pull_layout_has(pull, descriptor)) {
		if (layout_read(pull->blobs_fd, descriptor, &text, err) < 0)
			return NULL;
		return parse(&text, descriptor->digest, err);
	}
	if (descriptor->size > (int64_t)REGISTRY_MAX_MANIFEST) {
		ct_fail(err, "I004", "manifest %s would have more than %zu MiB", descriptor->digest,
			REGISTRY_MAX_MANIFEST >> 20);
		return NULL;
	}
	if (registry_manifest(&pull->registry, descriptor->digest, &text, type, err) < 0)
		return NULL;
	if (descriptor->size >= 0 && (uint64_t)descriptor->size != text.length) {
		ct_fail(err, "I002", "manifest %s has %zu bytes, not the %lld that are said of it", descriptor->digest,
			text.length, (long long)descriptor->size);
		return NULL;
	}
	if (pull_layout_put(pull, &text, descriptor->digest, err) < 0)
		return NULL;
	return parse(&text, descriptor->digest, err);
}

static int fetch_config(struct pull *pull, const struct ct_json *manifest, struct ct_err *err)
{
	const struct ct_json *object = ct_json_get(manifest, "config");
	struct descriptor config;

	if (!object)
		return ct_fail(err, "I004", "the manifest names no config: it is no image");
	if (descriptor_read(&config, object, "the manifest", err) < 0)
		return -1;
	if (config.size > (int64_t)LAYOUT_MAX_DOCUMENT)
		return ct_fail(err, "I004", "config %s would have more than %zu MiB", config.digest,
			       LAYOUT_MAX_DOCUMENT >> 20);
	if (config.size < 0)
		config.size = (int64_t)LAYOUT_MAX_DOCUMENT;
	return pull_blobs(pull, &config, 1, err);
}

/* Brings what choose_image() is going to read. Depth is bounded, so the recursion is. */
static int complete(struct pull *pull, const struct ct_json *root, int depth, struct ct_err *err);

static int complete_child(struct pull *pull, const struct ct_json *object, int depth, struct ct_err *err)
{
	struct descriptor descriptor;
	ct_autojson *doc = NULL;

	if (!choose_reads(object))
		return 0;
	if (descriptor_read(&descriptor, object, "the index", err) < 0)
		return -1;
	doc = fetch_manifest(pull, &descriptor, err);
	return doc ? complete(pull, ct_json_root(doc), depth + 1, err) : -1;
}

static int complete(struct pull *pull, const struct ct_json *root, int depth, struct ct_err *err)
{
	const struct ct_json *manifests = ct_json_get_typed(root, "manifests", CT_JSON_ARRAY);

	if (!manifests)
		return fetch_config(pull, root, err);
	if (depth == MAX_DEPTH)
		return ct_fail(err, "I004", "its indexes are nested too deeply");
	ct_json_each(child, manifests) {
		if (complete_child(pull, child, depth, err) < 0)
			return -1;
	}
	return 0;
}

static int choose(struct pull *pull, struct descriptor *manifest, struct chosen *chosen, struct ct_err *err)
{
	struct choice choice = { .spelling = "", .wanted = &pull->wanted };
	ct_autofree char *index = ct_asprintf(
		"{\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%lld}]}", pull->type, pull->digest,
		(long long)pull->size);
	ct_autojson *doc = ct_json_parse(index, strlen(index), "I006", err);

	if (!doc || choose_image(chosen, ct_json_root(doc), pull->blobs_fd, &choice, err) < 0)
		return -1;
	*manifest = (struct descriptor){ .type = chosen->manifest_type, .size = chosen->manifest_size };
	strcpy(manifest->digest, chosen->manifest);
	return 0;
}

static int fetch_layers(struct pull *pull, const struct descriptor *descriptor, struct ct_err *err)
{
	struct manifest manifest = MANIFEST_INIT;
	ct_autofree struct descriptor *layers = NULL;
	int result = manifest_load(&manifest, pull->blobs_fd, descriptor, err);

	layers = ct_alloc_array(manifest.layer_count + 1, sizeof(*layers));
	for (size_t i = 0; i < manifest.layer_count; i++)
		layers[i] = manifest.layers[i].blob;
	if (result == 0)
		result = pull_blobs(pull, layers, manifest.layer_count, err);
	manifest_release(&manifest);
	return result;
}

static int pull_image(struct pull *pull, struct ct_err *err)
{
	ct_autojson *top = fetch_top(pull, err);
	ct_autojson *doc = NULL;
	struct descriptor manifest;
	struct chosen chosen;

	if (!top || complete(pull, ct_json_root(top), 0, err) < 0 || choose(pull, &manifest, &chosen, err) < 0)
		return -1;
	doc = fetch_manifest(pull, &manifest, err);
	if (!doc || fetch_config(pull, ct_json_root(doc), err) < 0 || fetch_layers(pull, &manifest, err) < 0)
		return -1;
	return pull_layout_finish(pull, err);
}

int pull_run(struct pull *pull, struct ct_err *err)
{
	ct_autofree char *name = reference_name(pull->reference);
	int result = pull_layout_create(pull, err);

	if (result < 0)
		return -1;
	result = pull_image(pull, err);
	if (result < 0) {
		ct_err_context(err, "image '%s'", name);
		pull_layout_remove(pull);
	}
	ct_cleanup_close(&pull->blobs_fd);
	ct_cleanup_close(&pull->known_fd);
	return result;
}
