#include "ctst-image/manage/describe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/size.h"
#include "ctst-image/image_config.h"
#include "ctst-image/store.h"
#include "ctst-image/text.h"

static const char *annotation(const struct pick *pick, const char *key)
{
	return ct_json_get_string(ct_json_get(pick->found.descriptors[0], "annotations"), key);
}

/* Of the source, where it was imported from one. */
static const char *source_digest(const struct pick *pick)
{
	const char *digest = annotation(pick, STORE_SOURCE_DIGEST);

	return digest && ct_digest_is_valid(digest) ? digest : pick->chosen.digest;
}

static bool is_unpacked(const struct ct_project *project, const struct manifest_layer *layer)
{
	ct_autofree char *path = ct_asprintf("%s/%s", project->layers, digest_hex(layer->diff_id));
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* What the descriptors do not say, the files do. */
static int64_t layer_size(const struct pick *pick, const struct manifest_layer *layer)
{
	struct stat status;

	if (layer->blob.size >= 0)
		return layer->blob.size;
	return fstatat(pick->blobs, digest_hex(layer->blob.digest), &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_size
												       : 0;
}

static int64_t total_size(const struct pick *pick)
{
	int64_t total = 0;

	for (size_t i = 0; i < pick->manifest.layer_count; i++) {
		int64_t size = layer_size(pick, &pick->manifest.layers[i]);

		if (size < INT64_MAX / STORE_MAX_LAYERS)
			total += size;
	}
	return total;
}

/* Every name that the index has for it. */
static char *next_name(const struct pick *pick, const struct ct_json **at)
{
	const char *digest = ct_json_get_string(pick->found.descriptors[0], "digest");

	*at = *at ? (*at)->next : ct_json_get(ct_json_root(pick->index), "manifests")->first;
	for (; *at; *at = (*at)->next) {
		const char *its = ct_json_get_string(*at, "digest");

		if (its && strcmp(its, digest) == 0)
			return lookup_name(*at);
	}
	return NULL;
}

/* ---- a document ---- */

static void write_names(struct ct_json_writer *writer, const struct pick *pick)
{
	const struct ct_json *at = NULL;
	char *name;

	ct_json_key(writer, "names");
	ct_json_open_array(writer);
	while ((name = next_name(pick, &at))) {
		ct_json_string(writer, name);
		free(name);
	}
	ct_json_close_array(writer);
}

static void write_layers(struct ct_json_writer *writer, const struct pick *pick, const struct ct_project *project)
{
	ct_json_key(writer, "layers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < pick->manifest.layer_count; i++) {
		const struct manifest_layer *layer = &pick->manifest.layers[i];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "digest", layer->blob.digest);
		ct_json_member_string(writer, "diff_id", layer->diff_id);
		ct_json_member_string(writer, "media_type", layer->blob.type);
		ct_json_member_int(writer, "size", layer_size(pick, layer));
		ct_json_member_bool(writer, "unpacked", is_unpacked(project, layer));
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

int describe_document(const struct pick *pick, const struct ct_project *project, struct ct_buf *out, struct ct_err *err)
{
	const struct ct_json *config = ct_json_root(pick->manifest.config);
	const struct ct_json *labels = ct_json_get_typed(ct_json_get(config, "config"), "Labels", CT_JSON_OBJECT);
	struct ct_json_writer *writer = ct_json_writer_new(out, true);
	struct platform platform;
	char text[PLATFORM_TEXT];

	platform_read(&platform, config);
	platform_format(&platform, text);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.image/1");
	write_names(writer, pick);
	ct_json_member_string(writer, "source", annotation(pick, STORE_SOURCE));
	ct_json_member_string(writer, "digest", source_digest(pick));
	ct_json_member_string(writer, "manifest", pick->chosen.manifest);
	ct_json_member_string(writer, "media_type", pick->chosen.manifest_type);
	ct_json_member_string(writer, "platform", text);
	ct_json_member_string(writer, "created", ct_json_get_string(config, "created"));
	ct_json_member_string(writer, "imported", annotation(pick, STORE_CREATED));
	ct_json_member_int(writer, "size", total_size(pick));
	ct_json_key(writer, "config");
	image_config_write(writer, config);
	if (labels)
		ct_json_member_value(writer, "labels", labels);
	write_layers(writer, pick, project);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

/* ---- for people ---- */

static void put(struct ct_buf *out, const char *label, const char *value)
{
	if (!value || !value[0])
		return;
	ct_buf_printf(out, "%-12s ", label);
	text_plain(out, value, 0);
	ct_buf_putc(out, '\n');
}

static void put_config(struct ct_buf *out, const struct ct_json *config)
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);
	ct_autojson *doc = NULL;

	image_config_write(writer, config);
	if (ct_json_writer_finish(writer, &ignored) < 0)
		return;
	doc = ct_json_parse(text.data, text.length, CT_NO_CODE, &ignored);
	ct_json_each(member, doc ? ct_json_root(doc) : NULL) {
		ct_autobuf value = CT_BUF_INIT;

		writer = ct_json_writer_new(&value, false);
		ct_json_value(writer, member);
		if (ct_json_writer_finish(writer, &ignored) == 0)
			put(out, member->key, member->type == CT_JSON_STRING ? member->text : value.data);
	}
}

static void put_names(struct ct_buf *out, const struct pick *pick)
{
	const struct ct_json *at = NULL;
	const char *label = "names";
	char *name;

	while ((name = next_name(pick, &at))) {
		put(out, label, name);
		label = "";
		free(name);
	}
}

void describe_text(const struct pick *pick, const struct ct_project *project, struct ct_buf *out)
{
	const struct ct_json *config = ct_json_root(pick->manifest.config);
	struct platform platform;
	char text[PLATFORM_TEXT], size[32];

	platform_read(&platform, config);
	platform_format(&platform, text);
	put_names(out, pick);
	put(out, "digest", source_digest(pick));
	put(out, "manifest", pick->chosen.manifest);
	put(out, "platform", text);
	put(out, "created", ct_json_get_string(config, "created"));
	put(out, "imported", annotation(pick, STORE_CREATED));
	ct_format_size(total_size(pick), size, sizeof(size));
	put(out, "size", size);
	put_config(out, config);
	for (size_t i = 0; i < pick->manifest.layer_count; i++) {
		const struct manifest_layer *layer = &pick->manifest.layers[i];

		ct_format_size(layer_size(pick, layer), size, sizeof(size));
		ct_buf_printf(out, "%-12s %s  %10s%s\n", i == 0 ? "layers" : "", layer->diff_id, size,
			      is_unpacked(project, layer) ? "" : "  not unpacked");
	}
}
