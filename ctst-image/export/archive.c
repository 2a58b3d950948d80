#include "ctst-image/export/archive.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/canonical.h"

int archive_start(struct archive_out *archive, const char *path, struct ct_err *err)
{
	*archive = (struct archive_out){ .to_file = path != NULL, .file = FETCH_FILE_INIT };
	return path ? fetch_file_create(&archive->file, path, err) : 0;
}

static int put(struct archive_out *archive, const void *bytes, size_t length, struct ct_err *err)
{
	if (archive->to_file)
		return fetch_file_append(&archive->file, bytes, length, err);
	return ct_write_all(STDOUT_FILENO, bytes, length) < 0
		       ? ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output")
		       : 0;
}

static int put_header(struct archive_out *archive, const char *name, mode_t mode, int64_t size, struct ct_err *err)
{
	ct_autobuf header = CT_BUF_INIT;

	canonical_header(&header, name, mode, size, NULL);
	return put(archive, header.data, header.length, err);
}

int archive_directory(struct archive_out *archive, const char *name, struct ct_err *err)
{
	return put_header(archive, name, S_IFDIR | 0755, 0, err);
}

int archive_file_begin(struct archive_out *archive, const char *name, int64_t size, struct ct_err *err)
{
	archive->left = archive->size = size;
	return put_header(archive, name, S_IFREG | 0644, size, err);
}

int archive_file_part(struct archive_out *archive, const void *bytes, size_t length, struct ct_err *err)
{
	if ((int64_t)length > archive->left)
		return ct_fail(err, "I002", "a blob has grown while it was read");
	archive->left -= (int64_t)length;
	return put(archive, bytes, length, err);
}

int archive_file_end(struct archive_out *archive, struct ct_err *err)
{
	static const char zeros[CANONICAL_BLOCK];

	if (archive->left != 0)
		return ct_fail(err, "I002", "a blob has shrunk while it was read");
	return put(archive, zeros, canonical_padding(archive->size), err);
}

int archive_bytes(struct archive_out *archive, const char *name, const void *bytes, size_t length, struct ct_err *err)
{
	if (archive_file_begin(archive, name, (int64_t)length, err) < 0 ||
	    archive_file_part(archive, bytes, length, err) < 0)
		return -1;
	return archive_file_end(archive, err);
}

int archive_finish(struct archive_out *archive, char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err)
{
	static const char zeros[2 * CANONICAL_BLOCK];

	digest[0] = '\0';
	if (put(archive, zeros, sizeof(zeros), err) < 0)
		return -1;
	if (!archive->to_file)
		return ct_write_stdout("", 0, err);
	fetch_file_digest(&archive->file, digest);
	return fetch_file_publish(&archive->file, err);
}

void archive_release(struct archive_out *archive)
{
	progress_end(&archive->progress);
	if (archive->to_file)
		fetch_file_release(&archive->file);
}
