/* A root file system becomes an image: of one layer, with a config that says what a preset says, or nothing. */
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

/* An object whose members are the ports (config.md, "ExposedPorts"). */
static void write_ports(struct ct_json_writer *writer, const struct ct_json *ports)
{
	if (!ports || ports->length == 0)
		return;
	ct_json_key(writer, "ExposedPorts");
	ct_json_open_object(writer);
	ct_json_each(port, ports) {
		ct_json_key(writer, port->text ? port->text : "");
		ct_json_open_object(writer);
		ct_json_close_object(writer);
	}
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
	write_ports(writer, ct_json_get_typed(settings, "ports", CT_JSON_ARRAY));
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
