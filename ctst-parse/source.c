#include "ctst-parse/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/large.h"
#include "common/project.h"
#include "common/utf8.h"

static int too_large(const char *shown, struct ct_err *err)
{
	return ct_fail(err, "E020", "'%s' is larger than 16 MiB", shown);
}

static int open_regular(const char *path, struct stat *status, struct ct_err *err)
{
	/* O_NONBLOCK: a FIFO nobody writes to must not stop us from saying that it is one. */
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		int saved = errno;

		ct_fail_errno(err, "E008", "cannot open '%s'", path);
		if (saved == ENOENT || saved == ENOTDIR) {
			err->exit_status = CT_EXIT_NOT_FOUND;
			if (strcmp(path, CT_DEFAULT_FILE) == 0)
				ct_err_hint(err, "name the composition file, or go to the directory that has one");
		}
		return -1;
	}
	if (fstat(fd, status) < 0)
		return ct_fail_errno(err, "E008", "cannot read '%s'", path);
	if (S_ISDIR(status->st_mode)) {
		ct_fail(err, "E008", "'%s' is a directory, not a .ctst file", path);
		return ct_err_hint(err, "name the file in it, e.g. %s/containust.ctst", path);
	}
	if (!S_ISREG(status->st_mode)) {
		ct_fail(err, "E008", "'%s' is not a regular file", path);
		return ct_err_hint(err, "to read from a pipe write '-' and connect it to standard input");
	}
	return ct_take_fd(&fd);
}

/* The directory as the kernel knows it, and the file's own name behind it: a symlink names a file of its own directory. */
static int locate(struct source *source, const char *path, struct ct_err *err)
{
	const char *slash = strrchr(path, '/');
	ct_autofree char *parent = NULL;

	if (!slash)
		parent = ct_strdup(".");
	else
		parent = ct_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	source->directory = realpath(parent, NULL);
	if (!source->directory)
		return ct_fail_errno(err, CT_NO_CODE, "cannot resolve the directory of '%s'", path);
	source->file = ct_asprintf("%s/%s", strcmp(source->directory, "/") == 0 ? "" : source->directory,
				   slash ? slash + 1 : path);
	return 0;
}

/* The composition is JSON, and JSON has no bytes that are not text. */
static int check_names(const struct source *source, struct ct_err *err)
{
	if (!ct_utf8_is_valid(source->directory, strlen(source->directory)))
		return ct_fail(err, CT_NO_CODE, "the directory '%s' is not valid UTF-8", source->directory);
	if (!ct_utf8_is_valid(source->shown, strlen(source->shown)))
		return ct_fail(err, CT_NO_CODE, "the path '%s' is not valid UTF-8", source->shown);
	return 0;
}

static int read_bytes(struct source *source, int fd, size_t expected, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_reserve(&text, expected + 65536);
	ct_large_hint(text.data, text.capacity);
	if (ct_read_all(fd, SOURCE_MAX_BYTES, &text) < 0)
		return errno == EFBIG ? too_large(source->shown, err)
				      : ct_fail_errno(err, CT_NO_CODE, "cannot read '%s'", source->shown);
	source->length = text.length;
	source->bytes = ct_buf_detach(&text);
	return 0;
}

static int read_standard_input(struct source *source, struct ct_err *err)
{
	source->shown = ct_strdup("<stdin>");
	source->file = ct_strdup("<stdin>");
	source->directory = realpath(".", NULL);
	if (!source->directory)
		return ct_fail_errno(err, CT_NO_CODE, "cannot resolve the current directory");
	if (check_names(source, err) < 0)
		return -1;
	return read_bytes(source, STDIN_FILENO, 0, err);
}

int source_read(struct source *source, const char *path, struct ct_err *err)
{
	ct_autoclose int fd = -1;
	struct stat status;

	*source = (struct source){ 0 };
	if (strcmp(path, "-") == 0)
		return read_standard_input(source, err);
	fd = open_regular(path, &status, err);
	if (fd < 0)
		return -1;
	source->shown = ct_strdup(path);
	source->device = status.st_dev;
	source->inode = status.st_ino;
	if ((uint64_t)status.st_size > SOURCE_MAX_BYTES)
		return too_large(path, err);
	if (locate(source, path, err) < 0 || check_names(source, err) < 0)
		return -1;
	return read_bytes(source, fd, (size_t)status.st_size, err);
}

bool source_identify(const char *path, dev_t *device, ino_t *inode)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	*device = status.st_dev;
	*inode = status.st_ino;
	return true;
}

void source_from_text(struct source *source, const char *shown, const char *directory, const char *text, size_t length)
{
	*source = (struct source){
		.shown = ct_strdup(shown),
		.file = ct_asprintf("%s/%s", directory, shown),
		.directory = ct_strdup(directory),
		.bytes = ct_strndup(text, length),
		.length = length,
	};
}

void source_release(struct source *source)
{
	free(source->shown);
	free(source->file);
	free(source->directory);
	free(source->bytes);
	*source = (struct source){ 0 };
}
