#include "ctst-image/manage/removal.h"

#include <stdlib.h>

#include "common/file.h"
#include "common/size.h"
#include "ctst-image/text.h"

void removal_add(struct removal *removal, char *name)
{
	removal->names = ct_realloc_array(removal->names, removal->name_count + 1, sizeof(*removal->names));
	removal->names[removal->name_count++] = name;
}

static void write_text(const struct removal *removal, struct ct_buf *out)
{
	const char *would = removal->dry_run ? "would be " : "";
	char size[32];

	for (size_t i = 0; i < removal->name_count; i++) {
		ct_buf_printf(out, "%sremoved ", would);
		text_plain(out, removal->names[i], 0);
		ct_buf_putc(out, '\n');
	}
	ct_format_size(removal->bytes, size, sizeof(size));
	ct_buf_printf(out, "%lld blobs and %lld layers %sremoved, %s %sfreed\n", (long long)removal->blobs,
		      (long long)removal->layers, would, size, would);
}

static int write_document(const struct removal *removal, struct ct_buf *out, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.image-removal/1");
	ct_json_member_bool(writer, "dry_run", removal->dry_run);
	ct_json_key(writer, "names");
	ct_json_open_array(writer);
	for (size_t i = 0; i < removal->name_count; i++)
		ct_json_string(writer, removal->names[i]);
	ct_json_close_array(writer);
	ct_json_member_int(writer, "blobs", removal->blobs);
	ct_json_member_int(writer, "layers", removal->layers);
	ct_json_member_int(writer, "bytes", removal->bytes);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

int removal_write(const struct removal *removal, bool json, struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;

	if (!json)
		write_text(removal, &out);
	else if (write_document(removal, &out, err) < 0)
		return -1;
	return ct_write_stdout(out.data, out.length, err);
}

void removal_release(struct removal *removal)
{
	for (size_t i = 0; i < removal->name_count; i++)
		free(removal->names[i]);
	free(removal->names);
}
