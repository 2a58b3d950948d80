/*
 * An archive as `docker save` has made it since version 1.10 (image spec v1.2): manifest.json, the config, and each layer as a
 * plain tar. A tar says how large a file is before it comes, so each layer is decompressed twice; before the first byte is
 * written it is known that none is damaged.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/export/export.h"

struct part {
	char *name;
	const struct manifest_layer *layer; /* NULL: the config */
	int64_t size;
};

static char *layer_name(const struct manifest_layer *layer)
{
	return ct_asprintf("%s.tar", digest_hex(layer->diff_id));
}

static char *config_name(const struct pick *pick)
{
	char digest[CT_DIGEST_LENGTH + 1];

	ct_digest(pick->manifest.config_text.data, pick->manifest.config_text.length, digest);
	return ct_asprintf("%s.json", digest_hex(digest));
}

static int compare_parts(const void *left, const void *right)
{
	return strcmp(((const struct part *)left)->name, ((const struct part *)right)->name);
}

static bool is_listed(const struct part *parts, size_t count, const struct manifest_layer *layer)
{
	for (size_t i = 0; i < count; i++) {
		if (parts[i].layer && strcmp(parts[i].layer->diff_id, layer->diff_id) == 0)
			return true;
	}
	return false;
}

/* The config and every layer once, sorted; the sizes are found by verifying. *count also after a failure. */
static int list_parts(struct archive_out *archive, const struct pick *pick, struct part *parts, size_t *count,
		      struct ct_err *err)
{
	*count = 0;
	parts[(*count)++] = (struct part){ .name = config_name(pick) };
	for (size_t i = 0; i < pick->manifest.layer_count; i++) {
		const struct manifest_layer *layer = &pick->manifest.layers[i];
		struct part *part = &parts[*count];

		if (is_listed(parts, *count, layer))
			continue;
		*part = (struct part){ .name = layer_name(layer), .layer = layer };
		(*count)++;
		if (export_blob(archive, pick, layer, false, NULL, &part->size, err) < 0)
			return -1;
	}
	qsort(parts, *count, sizeof(*parts), compare_parts);
	return 0;
}

static int write_part(struct archive_out *archive, const struct pick *pick, const struct part *part, struct ct_err *err)
{
	const struct ct_buf *config = &pick->manifest.config_text;
	int64_t bytes;

	if (!part->layer)
		return archive_bytes(archive, part->name, config->data, config->length, err);
	if (archive_file_begin(archive, part->name, part->size, err) < 0 ||
	    export_blob(archive, pick, part->layer, false, archive_file_part, &bytes, err) < 0)
		return -1;
	return archive_file_end(archive, err);
}

static int write_manifest(struct archive_out *archive, const struct pick *pick, const char *name, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autofree char *config = config_name(pick);
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);

	ct_json_open_array(writer);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "Config", config);
	ct_json_key(writer, "RepoTags");
	if (name) {
		ct_json_open_array(writer);
		ct_json_string(writer, name);
		ct_json_close_array(writer);
	} else {
		ct_json_null(writer);
	}
	ct_json_key(writer, "Layers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < pick->manifest.layer_count; i++) {
		ct_autofree char *layer = layer_name(&pick->manifest.layers[i]);

		ct_json_string(writer, layer);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	ct_json_close_array(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	return archive_bytes(archive, "manifest.json", text.data, text.length, err);
}

int export_docker(struct archive_out *archive, const struct pick *pick, const char *name, struct ct_err *err)
{
	ct_autofree struct part *parts = ct_alloc_array(pick->manifest.layer_count + 1, sizeof(*parts));
	size_t count = 0;
	int result;

	for (size_t i = 0; i < pick->manifest.layer_count; i++)
		archive->progress.total += 2 * pick->manifest.layers[i].blob.size;
	result = list_parts(archive, pick, parts, &count, err);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = write_part(archive, pick, &parts[i], err);
	if (result == 0)
		result = write_manifest(archive, pick, name, err);
	for (size_t i = 0; i < count; i++)
		free(parts[i].name);
	return result;
}
