#include "ctst-parse/convert/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

static int open_failed(const char *path, bool is_named, struct ct_err *err)
{
	bool is_missing = errno == ENOENT || errno == ENOTDIR;

	ct_fail_errno(err, "E008", "cannot open '%s'", path);
	if (is_named && is_missing)
		err->exit_status = CT_EXIT_NOT_FOUND;
	return -1;
}

static int open_regular(const char *path, const char *what, bool is_named, struct ct_err *err)
{
	struct stat status;
	/* O_NONBLOCK: a FIFO nobody writes to must not stop us from saying that it is one. */
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return open_failed(path, is_named, err);
	if (fstat(fd, &status) < 0)
		return ct_fail_errno(err, "E008", "cannot read '%s'", path);
	if (S_ISDIR(status.st_mode))
		return ct_fail(err, "E008", "'%s' is a directory, not %s", path, what);
	if (!S_ISREG(status.st_mode)) {
		ct_fail(err, "E008", "'%s' is not a regular file", path);
		return ct_err_hint(err, "to read from a pipe write '-' and connect it to standard input");
	}
	return ct_take_fd(&fd);
}

int file_read(const char *path, size_t limit, const char *what, bool is_named, struct ct_buf *out, struct ct_err *err)
{
	bool is_input = strcmp(path, "-") == 0;
	ct_autoclose int fd = is_input ? -1 : open_regular(path, what, is_named, err);

	if (fd < 0 && !is_input)
		return -1;
	if (ct_read_all(is_input ? STDIN_FILENO : fd, limit, out) == 0)
		return 0;
	if (errno == EFBIG)
		return ct_fail(err, "E020", "'%s' is larger than %zu MiB", path, limit >> 20);
	return ct_fail_errno(err, "E008", "cannot read '%s'", path);
}

/* Appends the components of the path to what is there, which has no slash at its end. */
static void append_components(struct ct_buf *out, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && memcmp(path, "..", 2) == 0) {
			const char *slash = out->length ? memrchr(out->data, '/', out->length) : NULL;

			out->length = slash ? (size_t)(slash - out->data) : 0;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			ct_buf_putc(out, '/');
			ct_buf_append(out, path, length);
		}
		path += length + (path[length] == '/');
	}
}

const char *path_absolute(struct ct_arena *arena, const char *directory, const char *path)
{
	ct_autobuf out = CT_BUF_INIT;

	if (path[0] != '/')
		append_components(&out, directory);
	append_components(&out, path);
	if (out.length == 0)
		ct_buf_putc(&out, '/');
	out.data[out.length] = '\0';
	return ct_arena_copy(arena, out.data, out.length);
}

const char *path_seen_from(struct ct_arena *arena, const char *directory, const char *absolute)
{
	size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

	if (strncmp(absolute, directory, length) != 0 || (absolute[length] != '/' && absolute[length] != '\0'))
		return absolute;
	while (absolute[length] == '/')
		length++;
	return absolute[length] ? ct_arena_printf(arena, "./%s", absolute + length) : ".";
}

const char *path_directory(struct ct_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return ct_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
