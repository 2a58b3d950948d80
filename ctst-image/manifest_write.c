#include "ctst-image/manifest_write.h"

#include "ctst-image/choose.h"
#include "ctst-image/store.h"

void descriptor_open(struct ct_json_writer *writer, const char *type, const char *digest, int64_t size)
{
	ct_json_open_object(writer);
	ct_json_member_string(writer, "mediaType", type);
	ct_json_member_string(writer, "digest", digest);
	ct_json_member_int(writer, "size", size);
}

static void write_part(struct ct_json_writer *writer, const struct manifest_part *part)
{
	descriptor_open(writer, part->type, part->digest, part->size);
	ct_json_close_object(writer);
}

int manifest_write(struct ct_buf *out, const struct manifest_part *config, const struct manifest_part *layers,
		   size_t count, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, false);

	ct_json_open_object(writer);
	ct_json_member_int(writer, "schemaVersion", 2);
	ct_json_member_string(writer, "mediaType", STORE_MANIFEST_TYPE);
	ct_json_key(writer, "config");
	write_part(writer, config);
	ct_json_key(writer, "layers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < count; i++)
		write_part(writer, &layers[i]);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

int index_write_single(struct ct_buf *out, bool pretty, const struct manifest_part *manifest, const char *name,
		       struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, pretty);

	ct_json_open_object(writer);
	ct_json_member_int(writer, "schemaVersion", 2);
	ct_json_member_string(writer, "mediaType", TYPE_INDEX);
	ct_json_key(writer, "manifests");
	ct_json_open_array(writer);
	descriptor_open(writer, manifest->type, manifest->digest, manifest->size);
	if (name) {
		ct_json_key(writer, "annotations");
		ct_json_open_object(writer);
		ct_json_member_string(writer, STORE_REF_NAME, name);
		ct_json_close_object(writer);
	}
	ct_json_close_object(writer);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}
