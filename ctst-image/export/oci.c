#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "ctst-image/export/export.h"
#include "ctst-image/manifest_write.h"
#include "ctst-image/store.h"

/* A blob of the archive: one of the two documents, or a layer. */
struct part {
	char hex[65];
	const struct ct_buf *text; /* NULL: a layer */
	const struct manifest_layer *layer;
};

static int compare_parts(const void *left, const void *right)
{
	return strcmp(((const struct part *)left)->hex, ((const struct part *)right)->hex);
}

static void add_document(struct part *part, const struct ct_buf *text)
{
	char digest[CT_DIGEST_LENGTH + 1];

	ct_digest(text->length ? text->data : "", text->length, digest);
	*part = (struct part){ .text = text };
	strcpy(part->hex, digest_hex(digest));
}

/* Sorted; some may be there twice. */
static size_t list_parts(const struct manifest *manifest, struct part *parts)
{
	size_t count = 0;

	add_document(&parts[count++], &manifest->text);
	add_document(&parts[count++], &manifest->config_text);
	for (size_t i = 0; i < manifest->layer_count; i++) {
		parts[count] = (struct part){ .layer = &manifest->layers[i] };
		strcpy(parts[count++].hex, digest_hex(manifest->layers[i].blob.digest));
	}
	qsort(parts, count, sizeof(*parts), compare_parts);
	return count;
}

static int write_layer(struct archive_out *archive, const struct pick *pick, const char *name,
		       const struct manifest_layer *layer, struct ct_err *err)
{
	struct stat status;
	int64_t bytes;

	if (fstatat(pick->blobs, digest_hex(layer->blob.digest), &status, AT_SYMLINK_NOFOLLOW) < 0)
		return ct_fail_errno(err, "I001", "cannot find blob %s", layer->blob.digest);
	if (archive_file_begin(archive, name, status.st_size, err) < 0 ||
	    export_blob(archive, pick, layer, true, archive_file_part, &bytes, err) < 0)
		return -1;
	return archive_file_end(archive, err);
}

static int write_blobs(struct archive_out *archive, const struct pick *pick, struct ct_err *err)
{
	ct_autofree struct part *parts = ct_alloc_array(pick->manifest.layer_count + 2, sizeof(*parts));
	size_t count = list_parts(&pick->manifest, parts);

	for (size_t i = 0; i < count; i++) {
		ct_autofree char *name = ct_asprintf("blobs/sha256/%s", parts[i].hex);
		const struct ct_buf *text = parts[i].text;

		if (i > 0 && strcmp(parts[i].hex, parts[i - 1].hex) == 0)
			continue;
		if ((text ? archive_bytes(archive, name, text->length ? text->data : "", text->length, err)
			  : write_layer(archive, pick, name, parts[i].layer, err)) < 0)
			return -1;
	}
	return 0;
}

/* No time in it: the same image, the same bytes. */
static int write_index(struct archive_out *archive, const struct pick *pick, const char *name, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct manifest_part manifest = {
		.type = pick->chosen.manifest_type,
		.size = (int64_t)pick->manifest.text.length,
	};

	strcpy(manifest.digest, pick->chosen.manifest);
	if (index_write_single(&text, false, &manifest, name, err) < 0)
		return -1;
	return archive_bytes(archive, "index.json", text.data, text.length, err);
}

int export_oci(struct archive_out *archive, const struct pick *pick, const char *name, struct ct_err *err)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

	for (size_t i = 0; i < pick->manifest.layer_count; i++)
		archive->progress.total += pick->manifest.layers[i].blob.size;
	if (archive_directory(archive, "blobs", err) < 0 || archive_directory(archive, "blobs/sha256", err) < 0 ||
	    write_blobs(archive, pick, err) < 0 || write_index(archive, pick, name, err) < 0)
		return -1;
	return archive_bytes(archive, "oci-layout", layout, sizeof(layout) - 1, err);
}
