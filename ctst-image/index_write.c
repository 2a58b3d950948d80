#include "ctst-image/index_write.h"

#include <errno.h>
#include <string.h>

#include "common/file.h"

static bool is_ours(const char *key)
{
	return strcmp(key, "schemaVersion") == 0 || strcmp(key, "mediaType") == 0 || strcmp(key, "manifests") == 0;
}

void index_write_begin(struct index_write *index, const struct ct_json *old)
{
	*index = (struct index_write){ .old = old, .text = CT_BUF_INIT };
	index->writer = ct_json_writer_new(&index->text, true);
	ct_json_open_object(index->writer);
	ct_json_member_int(index->writer, "schemaVersion", 2);
	ct_json_member_string(index->writer, "mediaType", "application/vnd.oci.image.index.v1+json");
	ct_json_key(index->writer, "manifests");
	ct_json_open_array(index->writer);
}

static int replace(const struct index_write *index, int images, bool durable, struct ct_err *err)
{
	if (ct_replace_file_at(images, "index.json", index->text.data, index->text.length, 0644, durable) == 0)
		return 0;
	return ct_fail_errno(err, errno == EACCES || errno == EPERM || errno == EROFS ? "S003" : "I003",
			     "cannot write index.json to the store");
}

int index_write_end(struct index_write *index, int images, bool durable, struct ct_err *err)
{
	int result;

	ct_json_close_array(index->writer);
	ct_json_each(member, index->old) {
		if (!is_ours(member->key))
			ct_json_member_value(index->writer, member->key, member);
	}
	ct_json_close_object(index->writer);
	result = ct_json_writer_finish(index->writer, err);
	if (result == 0)
		result = replace(index, images, durable, err);
	ct_buf_free(&index->text);
	return result;
}
