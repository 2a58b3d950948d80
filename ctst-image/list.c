#include "ctst-image/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/size.h"
#include "ctst-image/manage/lookup.h"
#include "ctst-image/store.h"
#include "ctst-image/text.h"

struct row {
	char *uri;          /* owned */
	const char *digest; /* of the source; of a foreign image that of its manifest */
	const char *manifest;
	const char *created; /* RFC 3339, or NULL */
	int64_t layers;
	int64_t size;
	bool whole; /* its manifest could be read */
};

static void read_manifest(struct row *row, const char *images)
{
	struct ct_err ignored = CT_ERR_INIT;
	ct_autojson *doc = store_read_blob(images, row->manifest, &ignored);
	int64_t size;

	row->whole = doc != NULL;
	ct_json_each(layer, ct_json_get_typed(doc ? ct_json_root(doc) : NULL, "layers", CT_JSON_ARRAY)) {
		row->layers++;
		if (row->layers <= STORE_MAX_LAYERS && ct_json_get_int(layer, "size", &size) && size > 0 &&
		    size < INT64_MAX / STORE_MAX_LAYERS)
			row->size += size;
	}
}

static bool fill_row(struct row *row, const struct ct_json *descriptor, const char *images)
{
	const struct ct_json *notes = ct_json_get(descriptor, "annotations");

	*row = (struct row){ .manifest = ct_json_get_string(descriptor, "digest") };
	if (!row->manifest || !ct_digest_is_valid(row->manifest))
		return false;
	row->uri = lookup_name(descriptor);
	row->digest = ct_json_get_string(notes, STORE_SOURCE_DIGEST);
	if (!row->digest || !ct_digest_is_valid(row->digest))
		row->digest = row->manifest;
	row->created = ct_json_get_string(notes, STORE_CREATED);
	read_manifest(row, images);
	return true;
}

static int column_width(const struct row *rows, size_t count)
{
	size_t width = strlen("IMAGE");

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(rows[i].uri);

		if (length > width)
			width = length;
	}
	return width > 200 ? 200 : (int)width;
}

static void write_table(const struct row *rows, size_t count, struct ct_buf *out)
{
	int width = column_width(rows, count);

	ct_buf_printf(out, "%-*s  %-12s  %6s  %10s  %s\n", width, "IMAGE", "DIGEST", "LAYERS", "SIZE", "CREATED");
	for (size_t i = 0; i < count; i++) {
		char size[32], created[48];

		ct_format_size(rows[i].size, size, sizeof(size));
		text_age(rows[i].created, created, sizeof(created));
		text_plain(out, rows[i].uri, width);
		if (rows[i].whole)
			ct_buf_printf(out, "  %.12s  %6lld  %10s  %s\n", rows[i].digest + strlen("sha256:"),
				      (long long)rows[i].layers, size, created);
		else
			ct_buf_printf(out, "  %.12s  %6s  %10s  %s\n", rows[i].digest + strlen("sha256:"), "-",
				      "damaged", created);
	}
}

static int write_document(const struct row *rows, size_t count, struct ct_buf *out, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, true);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.images/1");
	ct_json_key(writer, "images");
	ct_json_open_array(writer);
	for (size_t i = 0; i < count; i++) {
		ct_json_open_object(writer);
		ct_json_member_string(writer, "uri", rows[i].uri);
		ct_json_member_string(writer, "digest", rows[i].digest);
		ct_json_member_string(writer, "manifest", rows[i].manifest);
		if (rows[i].whole) {
			ct_json_member_int(writer, "layers", rows[i].layers);
			ct_json_member_int(writer, "size", rows[i].size);
		} else {
			ct_json_member_bool(writer, "damaged", true);
		}
		ct_json_member_string(writer, "created", rows[i].created);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	return ct_json_writer_finish(writer, err);
}

int list_images(const char *images, bool json, struct ct_buf *out, struct ct_err *err)
{
	ct_autojson *index = store_read_index(images, err);
	const struct ct_json *manifests = index ? ct_json_get(ct_json_root(index), "manifests") : NULL;
	ct_autofree struct row *rows = NULL;
	size_t count = 0;
	int result = 0;

	if (!index && err->message[0])
		return -1;
	rows = ct_alloc_array(manifests ? manifests->length : 0, sizeof(*rows));
	ct_json_each(descriptor, manifests)
		count += fill_row(&rows[count], descriptor, images);
	if (json)
		result = write_document(rows, count, out, err);
	else
		write_table(rows, count, out);
	for (size_t i = 0; i < count; i++)
		free(rows[i].uri);
	return result;
}
