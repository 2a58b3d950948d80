/*
 * tar:// and preset://: the bytes of the file are hashed (the source's digest) and stored as
 * the blob while libarchive decompresses them; the uncompressed stream is hashed (the
 * diff-id) while libarchive takes the tar apart.
 *
 *	file → read_file → [decompressor → read_plain] → tar reader → unpack
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/hash.h"
#include "ctst-image/import.h"

#define CHUNK ((size_t)1 << 20)
/* An archive may expand to so many times its size; the first of these bytes are free. */
#define MAX_RATIO 250
#define RATIO_FLOOR ((int64_t)256 << 20)

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_XZ };

struct stream {
	struct import *import;
	enum compression compression;
	char *chunk;
	struct hash source_hash;
	struct hash plain_hash;       /* compressed sources only */
	struct archive *decompressor; /* NULL for a plain tar */
	struct archive *tar;
	int64_t source_bytes;
	int64_t plain_bytes;
	bool failed; /* *failure holds why a callback gave up */
	struct ct_err failure;
};

static enum compression detect_compression(const unsigned char *begin, size_t length)
{
	if (length >= 3 && memcmp(begin, "\x1f\x8b\x08", 3) == 0)
		return COMPRESSION_GZIP;
	if (length >= 4 && memcmp(begin, "\x28\xb5\x2f\xfd", 4) == 0)
		return COMPRESSION_ZSTD;
	/* A skippable frame may come first (RFC 8878, 3.1.2). */
	if (length >= 4 && (begin[0] & 0xf0) == 0x50 && memcmp(begin + 1, "\x2a\x4d\x18", 3) == 0)
		return COMPRESSION_ZSTD;
	if (length >= 6 && memcmp(begin,
				  "\xfd"
				  "7zXZ\0",
				  6) == 0)
		return COMPRESSION_XZ;
	return COMPRESSION_NONE;
}

/* There is no media type for xz, so such a layer is stored uncompressed. */
static bool stores_source(const struct stream *stream)
{
	return stream->compression != COMPRESSION_XZ;
}

static const char *reason(struct archive *archive)
{
	const char *text = archive_error_string(archive);

	return text ? text : "unknown reason";
}

static la_ssize_t give_up(struct stream *stream, struct archive *archive)
{
	stream->failed = true;
	archive_set_error(archive, EIO, "the import has failed");
	return -1;
}

static int read_chunk(struct stream *stream, ssize_t *got)
{
	struct import *import = stream->import;

	if (import_check_signals(&stream->failure) < 0)
		return -1;
	do
		*got = read(import->source_fd, stream->chunk, CHUNK);
	while (*got < 0 && errno == EINTR && import_signal() == 0);
	if (*got < 0)
		return ct_fail_errno(&stream->failure, "I003", "cannot read '%s'", import->path);
	hash_update(&stream->source_hash, stream->chunk, (size_t)*got);
	stream->source_bytes += *got;
	if (stores_source(stream) && ct_write_all(import->staging.blob_fd, stream->chunk, (size_t)*got) < 0)
		return ct_fail_errno(&stream->failure, "I003", "cannot write to the store '%s'", import->images);
	progress_update(&import->progress, stream->source_bytes, import->unpack.entries);
	return 0;
}

/* The file's bytes, for the decompressor or, of a plain tar, for the tar reader. */
static la_ssize_t read_file(struct archive *archive, void *data, const void **buffer)
{
	struct stream *stream = data;
	ssize_t got = 0;

	if (read_chunk(stream, &got) < 0)
		return give_up(stream, archive);
	*buffer = stream->chunk;
	return got;
}

static int check_expansion(struct stream *stream)
{
	if (stream->plain_bytes > RATIO_FLOOR && stream->plain_bytes / MAX_RATIO > stream->source_bytes)
		return ct_fail(&stream->failure, "I003", "it expands to more than %d times its size", MAX_RATIO);
	if (stream->plain_bytes > 2 * UNPACK_MAX_BYTES)
		return ct_fail(&stream->failure, "I003", "it expands to more than %lld GiB",
			       (long long)(2 * UNPACK_MAX_BYTES >> 30));
	return 0;
}

static int take_plain(struct stream *stream, const void *bytes, size_t size)
{
	stream->plain_bytes += (int64_t)size;
	if (check_expansion(stream) < 0)
		return -1;
	hash_update(&stream->plain_hash, bytes, size);
	if (!stores_source(stream) && ct_write_all(stream->import->staging.blob_fd, bytes, size) < 0)
		return ct_fail_errno(&stream->failure, "I003", "cannot write to the store '%s'",
				     stream->import->images);
	return 0;
}

/* What comes out of the decompressor, for the tar reader. 0 at the end. */
static la_ssize_t read_plain(struct archive *archive, void *data, const void **buffer)
{
	struct stream *stream = data;
	la_int64_t offset;
	size_t size;
	int result = archive_read_data_block(stream->decompressor, buffer, &size, &offset);

	if (result == ARCHIVE_EOF)
		return 0;
	if (result < ARCHIVE_WARN && !stream->failed)
		ct_fail(&stream->failure, "I003", "it is damaged: %s", reason(stream->decompressor));
	if (result < ARCHIVE_WARN || take_plain(stream, *buffer, size) < 0)
		return give_up(stream, archive);
	return (la_ssize_t)size;
}

static int open_decompressor(struct stream *stream, struct ct_err *err)
{
	struct archive *archive = stream->decompressor = archive_read_new();
	struct archive_entry *entry;
	int result;

	archive_read_support_format_raw(archive);
	switch (stream->compression) {
	case COMPRESSION_GZIP:
		archive_read_support_filter_gzip(archive);
		break;
	case COMPRESSION_ZSTD:
		archive_read_support_filter_zstd(archive);
		break;
	default:
		archive_read_support_filter_xz(archive);
		break;
	}
	result = archive_read_open(archive, stream, NULL, read_file, NULL);
	if (result >= ARCHIVE_WARN)
		result = archive_read_next_header(archive, &entry);
	if (result == ARCHIVE_EOF)
		return ct_fail(err, "I004", "it holds nothing");
	if (result < ARCHIVE_WARN)
		return ct_fail(err, "I003", "it is damaged: %s", reason(archive));
	return 0;
}

static int open_tar(struct stream *stream, struct ct_err *err)
{
	stream->tar = archive_read_new();
	archive_read_support_format_tar(stream->tar);
	if (stream->compression != COMPRESSION_NONE && open_decompressor(stream, err) < 0)
		return -1;
	if (archive_read_open(stream->tar, stream, NULL, stream->decompressor ? read_plain : read_file, NULL) <
	    ARCHIVE_WARN)
		return ct_fail(err, "I004", "it is not a tar archive");
	return 0;
}

static int unpack_content(struct stream *stream, struct ct_err *err)
{
	struct unpack *unpack = &stream->import->unpack;
	const void *bytes;
	la_int64_t offset;
	size_t size;

	for (;;) {
		int result = archive_read_data_block(stream->tar, &bytes, &size, &offset);

		if (result == ARCHIVE_EOF)
			return unpack_file_end(unpack, err);
		if (result < ARCHIVE_WARN)
			return ct_fail(err, "I003", "'%.200s' is damaged: %s", unpack->path, reason(stream->tar));
		if (unpack_data(unpack, bytes, size, offset, err) < 0)
			return -1;
	}
}

static int unpack_tar(struct stream *stream, struct ct_err *err)
{
	struct archive_entry *entry;

	for (int64_t count = 0;; count++) {
		int result = archive_read_next_header(stream->tar, &entry);
		int wants_content;

		if (result == ARCHIVE_EOF)
			return 0;
		if (result < ARCHIVE_WARN && count == 0 && !stream->failed)
			return ct_fail(err, "I004",
				       "it is not a tar archive, plain or compressed with gzip, zstd or xz");
		if (result < ARCHIVE_WARN)
			return ct_fail(err, "I003", "it is damaged: %s", reason(stream->tar));
		wants_content = unpack_entry(&stream->import->unpack, entry, err);
		if (wants_content < 0 || (wants_content > 0 && unpack_content(stream, err) < 0))
			return -1;
	}
}

/* What follows the end of the tar belongs to both digests all the same. */
static int drain(struct stream *stream, struct ct_err *err)
{
	const void *buffer;
	la_ssize_t got = 0;
	ssize_t rest;

	if (stream->decompressor) {
		do
			got = read_plain(stream->tar, stream, &buffer);
		while (got > 0);
	}
	do {
		if (got < 0 || read_chunk(stream, &rest) < 0) {
			*err = stream->failure;
			return -1;
		}
	} while (rest > 0);
	return 0;
}

static bool holds_text(int tree, const char *name, const char *first, const char *second)
{
	ct_autoclose int fd = ct_open_in_root(tree, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	char text[4096];
	ssize_t length = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, first) && strstr(text, second);
}

/* An archive of an image is not the image's root file system; both kinds are known by their own files. */
static int refuse_image_archives(const struct import *import, struct ct_err *err)
{
	int tree = import->staging.tree_fd;
	const char *kind = NULL;

	if (holds_text(tree, "oci-layout", "imageLayoutVersion", ""))
		kind = "an OCI image layout";
	else if (holds_text(tree, "manifest.json", "\"Config\"", "\"Layers\""))
		kind = "a docker save archive";
	if (!kind)
		return 0;
	ct_fail(err, "I004", "it is %s, which version " CT_VERSION " does not read yet", kind);
	return ct_err_hint(err, "export the root file system instead, as with 'docker export', and use that archive");
}

static void finish_digests(struct stream *stream)
{
	static const char *const media_types[] = {
		[COMPRESSION_NONE] = "application/vnd.oci.image.layer.v1.tar",
		[COMPRESSION_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
		[COMPRESSION_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
		[COMPRESSION_XZ] = "application/vnd.oci.image.layer.v1.tar",
	};
	struct import *import = stream->import;

	hash_finish(&stream->source_hash, import->digest);
	if (stream->decompressor)
		hash_finish(&stream->plain_hash, import->diff_id);
	else
		strcpy(import->diff_id, import->digest);
	strcpy(import->blob, stores_source(stream) ? import->digest : import->diff_id);
	import->blob_size = stores_source(stream) ? stream->source_bytes : stream->plain_bytes;
	import->media_type = media_types[stream->compression];
}

static int check_unchanged(const struct import *import, struct ct_err *err)
{
	struct stat_facts now;
	struct stat status;

	if (fstat(import->source_fd, &status) < 0)
		return ct_fail_errno(err, "I003", "cannot look at '%s'", import->path);
	now = stat_facts_of(&status);
	if (!stat_facts_equal(&now, &import->facts))
		return ct_fail(err, "I003", "it changed while it was being imported");
	return 0;
}

static int run_stream(struct stream *stream, struct ct_err *err)
{
	struct import *import = stream->import;
	unsigned char begin[6];
	ssize_t length = pread(import->source_fd, begin, sizeof(begin), 0);

	if (length < 0)
		return ct_fail_errno(err, "I003", "cannot read '%s'", import->path);
	stream->compression = detect_compression(begin, (size_t)length);
	if (open_tar(stream, err) < 0 || unpack_tar(stream, err) < 0) {
		if (stream->failed)
			*err = stream->failure;
		return -1;
	}
	if (drain(stream, err) < 0 || refuse_image_archives(import, err) < 0 ||
	    unpack_finish(&import->unpack, IMPORT_PROGRAM, import->uri.source, err) < 0)
		return -1;
	finish_digests(stream);
	return check_unchanged(import, err);
}

int import_archive(struct import *import, struct ct_err *err)
{
	struct stream stream = { .import = import, .chunk = ct_alloc(CHUNK) };
	struct stat status;
	int result;

	if (fstat(import->source_fd, &status) < 0) {
		free(stream.chunk);
		return ct_fail_errno(err, "I003", "cannot look at '%s'", import->path);
	}
	import->facts = stat_facts_of(&status);
	import_let_times_settle(&import->facts);
	hash_start(&stream.source_hash);
	hash_start(&stream.plain_hash);
	result = run_stream(&stream, err);
	archive_read_free(stream.tar);
	archive_read_free(stream.decompressor);
	hash_finish(&stream.source_hash, NULL);
	hash_finish(&stream.plain_hash, NULL);
	free(stream.chunk);
	return result;
}
