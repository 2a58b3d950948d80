/* A root file system becomes an image: of one layer, with a config that says what it came with, what a preset says, or nothing. */
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/choose.h"
#include "ctst-image/import.h"
#include "ctst-image/manifest_write.h"
#include "ctst-image/store.h"

int single_layer_start(struct single_layer *layer, struct import *import, struct ct_err *err)
{
	*layer = (struct single_layer)SINGLE_LAYER_INIT;
	layer->tree_fd = staging_make_tree(&import->staging, STAGED_TREE, err);
	layer->blob_fd = layer->tree_fd < 0 ? -1 : staging_make_blob(&import->staging, STAGED_BLOB, err);
	if (layer->blob_fd < 0)
		return -1;
	unpack_start(&layer->unpack, layer->tree_fd);
	return 0;
}

void single_layer_release(struct single_layer *layer)
{
	unpack_release(&layer->unpack);
	ct_cleanup_close(&layer->tree_fd);
	ct_cleanup_close(&layer->blob_fd);
	*layer = (struct single_layer)SINGLE_LAYER_INIT;
}

/* An object whose members are the items of a list: ports and volumes (config.md, "Properties"). */
static void write_set(struct ct_json_writer *writer, const char *key, const struct ct_json *list)
{
	if (!list || list->length == 0)
		return;
	ct_json_key(writer, key);
	ct_json_open_object(writer);
	ct_json_each(item, list) {
		ct_json_key(writer, item->text ? item->text : "");
		ct_json_open_object(writer);
		ct_json_close_object(writer);
	}
	ct_json_close_object(writer);
}

static void write_nanoseconds(struct ct_json_writer *writer, const char *key, const struct ct_json *check,
			      const char *ours)
{
	int64_t milliseconds;

	if (ct_json_get_int(check, ours, &milliseconds) && milliseconds > 0 && milliseconds < INT64_MAX / 1000000)
		ct_json_member_int(writer, key, milliseconds * 1000000);
}

/* docker's, as image_config.c reads it. */
static void write_healthcheck(struct ct_json_writer *writer, const struct ct_json *check)
{
	const struct ct_json *command = ct_json_get_typed(check, "command", CT_JSON_ARRAY);
	int64_t retries;

	if (!command)
		return;
	ct_json_key(writer, "Healthcheck");
	ct_json_open_object(writer);
	ct_json_key(writer, "Test");
	ct_json_open_array(writer);
	ct_json_string(writer, "CMD");
	ct_json_each(word, command)
		ct_json_value(writer, word);
	ct_json_close_array(writer);
	write_nanoseconds(writer, "Interval", check, "interval_ms");
	write_nanoseconds(writer, "Timeout", check, "timeout_ms");
	if (ct_json_get_int(check, "retries", &retries) && retries > 0)
		ct_json_member_int(writer, "Retries", retries);
	write_nanoseconds(writer, "StartPeriod", check, "start_period_ms");
	ct_json_close_object(writer);
}

/* `settings`: a preset's entry, or what the importer was given. */
static void write_settings(struct ct_json_writer *writer, const struct ct_json *settings)
{
	static const char *const members[][2] = {
		{ "user", "User" },
		{ "env", "Env" },
		{ "entrypoint", "Entrypoint" },
		{ "cmd", "Cmd" },
		{ "workdir", "WorkingDir" },
		{ "stop_signal", "StopSignal" },
	};

	ct_json_key(writer, "config");
	ct_json_open_object(writer);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const struct ct_json *value = ct_json_get(settings, members[i][0]);

		if (value)
			ct_json_member_value(writer, members[i][1], value);
	}
	write_set(writer, "ExposedPorts", ct_json_get_typed(settings, "ports", CT_JSON_ARRAY));
	write_set(writer, "Volumes", ct_json_get_typed(settings, "volumes", CT_JSON_ARRAY));
	write_healthcheck(writer, ct_json_get(settings, "healthcheck"));
	ct_json_close_object(writer);
}

/* No time in it: equal content has an equal image. */
static int format_config(struct import *import, const struct single_layer *layer, struct ct_err *err)
{
	const struct ct_json *settings = import->settings ? ct_json_root(import->settings) : import->preset.entry;
	const char *machine = ct_json_get_string(settings, "architecture");
	struct ct_json_writer *writer = ct_json_writer_new(&import->config, false);
	struct platform host;

	platform_host(&host);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "architecture", machine ? machine : host.architecture);
	ct_json_member_string(writer, "os", host.os);
	write_settings(writer, settings);
	ct_json_key(writer, "rootfs");
	ct_json_open_object(writer);
	ct_json_member_string(writer, "type", "layers");
	ct_json_key(writer, "diff_ids");
	ct_json_open_array(writer);
	ct_json_string(writer, layer->diff_id);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

static int format_manifest(struct import *import, const struct single_layer *layer, struct ct_err *err)
{
	struct manifest_part config = { .type = STORE_CONFIG_TYPE, .size = (int64_t)import->config.length };
	struct manifest_part part = { .type = layer->media_type, .size = layer->blob_size };

	ct_digest(import->config.data, import->config.length, config.digest);
	strcpy(part.digest, layer->blob);
	return manifest_write(&import->manifest, &config, &part, 1, err);
}

int import_single_layer(struct import *import, const struct single_layer *layer, struct ct_err *err)
{
	if (format_config(import, layer, err) < 0 || format_manifest(import, layer, err) < 0)
		return -1;
	strcpy(import->manifest_type, TYPE_MANIFEST);
	import_add_blob(import, STAGED_BLOB, digest_hex(layer->blob));
	import_add_tree(import, STAGED_TREE, digest_hex(layer->diff_id));
	return 0;
}
