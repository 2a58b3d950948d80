#include "ctst-image/tar_unpack.h"

#include <errno.h>
#include <string.h>

static const char *reason(struct archive *archive)
{
	const char *text = archive_error_string(archive);

	return text ? text : "unknown reason";
}

static la_ssize_t read_stream(struct archive *archive, void *data, const void **buffer)
{
	struct tar_reader *tar = data;
	ssize_t got = stream_read(tar->stream, buffer, &tar->failure);

	if (got >= 0)
		return got;
	tar->failed = true;
	archive_set_error(archive, EIO, "the import has failed");
	return -1;
}

int tar_open(struct tar_reader *tar, struct stream *stream, struct ct_err *err)
{
	*tar = (struct tar_reader){ .archive = archive_read_new(), .stream = stream };
	archive_read_support_format_tar(tar->archive);
	archive_read_support_format_empty(tar->archive);
	if (archive_read_open(tar->archive, tar, NULL, read_stream, NULL) == ARCHIVE_OK)
		return 0;
	if (!tar->failed)
		return ct_fail(err, "I004", "it is not a tar archive");
	*err = tar->failure;
	return -1;
}

/*
 * Names are bytes here and the locale is C, so that libarchive says of every name outside ASCII that
 * it could not convert it, and keeps it as it is. That is what is wanted.
 */
static bool is_about_characters(struct archive *archive)
{
	return strstr(reason(archive), "can't be converted from") != NULL;
}

static int fail(struct tar_reader *tar, const char *name, struct ct_err *err)
{
	if (tar->failed) {
		*err = tar->failure;
		return -1;
	}
	if (name)
		return ct_fail(err, "I003", "'%.200s' is damaged: %s", name, reason(tar->archive));
	if (tar->entries == 0) {
		ct_fail(err, "I004", "it is not a tar archive, plain or compressed with gzip, zstd or xz");
		return -1;
	}
	return ct_fail(err, "I003", "it is damaged: %s", reason(tar->archive));
}

/* The position is where a header was looked for: at the end of the data there was none. */
static int check_end(const struct tar_reader *tar, struct ct_err *err)
{
	int64_t at = archive_read_header_position(tar->archive);

	if (tar->entries == 0 && stream_given(tar->stream) == 0)
		return ct_fail(err, "I004", "it holds nothing");
	if (at < stream_given(tar->stream))
		return 0;
	return ct_fail(err, "I003", "it is damaged: it ends without the mark that ends a tar");
}

int tar_next(struct tar_reader *tar, struct archive_entry **entry, struct ct_err *err)
{
	int result = archive_read_next_header(tar->archive, entry);

	if (tar->progress)
		progress_update(tar->progress, stream_taken(tar->stream), tar->entries);
	if (result == ARCHIVE_EOF)
		return check_end(tar, err);
	if (result != ARCHIVE_OK && !(result == ARCHIVE_WARN && is_about_characters(tar->archive)))
		return fail(tar, NULL, err);
	tar->entries++;
	return 1;
}

int tar_data(struct tar_reader *tar, const char *name, const void **bytes, size_t *size, int64_t *offset,
	     struct ct_err *err)
{
	la_int64_t at;
	int result = archive_read_data_block(tar->archive, bytes, size, &at);

	if (result == ARCHIVE_EOF)
		return 0;
	if (result != ARCHIVE_OK)
		return fail(tar, name, err);
	*offset = at;
	if (tar->progress)
		progress_update(tar->progress, stream_taken(tar->stream), tar->entries);
	return 1;
}

void tar_close(struct tar_reader *tar)
{
	archive_read_free(tar->archive);
	tar->archive = NULL;
}

static int unpack_content(struct tar_reader *tar, struct unpack *unpack, struct ct_err *err)
{
	const void *bytes = NULL;
	int64_t offset = 0;
	size_t size = 0;
	int result;

	while ((result = tar_data(tar, unpack->path, &bytes, &size, &offset, err)) > 0) {
		if (unpack_data(unpack, bytes, size, offset, err) < 0)
			return -1;
	}
	return result < 0 ? -1 : unpack_file_end(unpack, err);
}

static int unpack_entries(struct tar_reader *tar, struct unpack *unpack, struct ct_err *err)
{
	struct archive_entry *entry;
	int result;

	while ((result = tar_next(tar, &entry, err)) > 0) {
		int wants_content = unpack_entry(unpack, entry, err);

		if (wants_content < 0 || (wants_content > 0 && unpack_content(tar, unpack, err) < 0))
			return -1;
	}
	return result;
}

int tar_unpack(struct stream *stream, struct unpack *unpack, struct progress *progress, struct ct_err *err)
{
	struct tar_reader tar;
	int result = tar_open(&tar, stream, err);

	tar.progress = progress;
	if (result == 0)
		result = unpack_entries(&tar, unpack, err);
	tar_close(&tar);
	return result;
}
