#include "ctst-image/fetch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define LONGEST_NAME 240 /* bytes; leaves room for what a temporary name adds */
#define MODE 0644
#define REPLACE_ATTEMPTS 100

static int failure(const struct fetch_file *file, const char *what, struct ct_err *err)
{
	if (!file->path)
		return ct_fail_errno(err, CT_NO_CODE, "cannot %s in memory", what);
	ct_fail_errno(err, CT_NO_CODE, "cannot %s '%s'", what, file->path);
	if (errno == ENOENT || errno == ENOTDIR)
		err->exit_status = CT_EXIT_NOT_FOUND;
	return -1;
}

static int open_directory(struct fetch_file *file, struct ct_err *err)
{
	const char *slash = strrchr(file->path, '/');
	const char *name = slash ? slash + 1 : file->path;
	ct_autofree char *directory = slash ? ct_strndup(file->path, (size_t)(slash - file->path) + 1) : ct_strdup(".");
	size_t length = strlen(name);

	if (length == 0 || length > LONGEST_NAME || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return ct_fail(err, CT_NO_CODE, "'%s' is not the name of a file of at most %d bytes", file->path,
			       LONGEST_NAME);
	memcpy(file->name, name, length + 1);
	file->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->directory < 0 ? failure(file, "create", err) : 0;
}

/* A rename would put a file in the place of a device or a link just as well. */
static int refuse_what_is_no_file(const struct fetch_file *file, struct ct_err *err)
{
	struct stat status;

	if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(status.st_mode))
		return 0;
	ct_fail(err, CT_NO_CODE, "'%s' exists and is not a regular file", file->path);
	return ct_err_hint(err, "give the name of a file that may be replaced, or of none");
}

static int create_with_name(struct fetch_file *file)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -1;
	snprintf(file->temporary, sizeof(file->temporary), ".fetch-%016" PRIx64, number);
	file->fd = openat(file->directory, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
	if (file->fd < 0)
		file->temporary[0] = '\0';
	return file->fd;
}

static int create_in_memory(struct fetch_file *file, struct ct_err *err)
{
	file->fd = memfd_create("download", MFD_CLOEXEC);
	if (file->fd < 0)
		return failure(file, "create a file", err);
	hash_start(&file->hash);
	return 0;
}

int fetch_file_create(struct fetch_file *file, const char *path, struct ct_err *err)
{
	*file = (struct fetch_file)FETCH_FILE_INIT;
	file->path = path;
	if (!path)
		return create_in_memory(file, err);
	if (open_directory(file, err) < 0 || refuse_what_is_no_file(file, err) < 0)
		return -1;
	file->fd = openat(file->directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, MODE);
	/* open(2), O_TMPFILE: the file system has none, or the kernel; the last is a file server's answer. */
	if (file->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL))
		create_with_name(file);
	if (file->fd < 0)
		return failure(file, "create", err);
	hash_start(&file->hash);
	return 0;
}

int fetch_file_append(struct fetch_file *file, const void *bytes, size_t length, struct ct_err *err)
{
	if (ct_write_all(file->fd, bytes, length) < 0)
		return failure(file, "write", err);
	hash_update(&file->hash, bytes, length);
	file->size += (int64_t)length;
	return 0;
}

int fetch_file_restart(struct fetch_file *file, struct ct_err *err)
{
	if (file->size == 0)
		return 0;
	if (ftruncate(file->fd, 0) < 0 || lseek(file->fd, 0, SEEK_SET) < 0)
		return failure(file, "write", err);
	hash_finish(&file->hash, NULL);
	hash_start(&file->hash);
	file->size = 0;
	return 0;
}

void fetch_file_digest(struct fetch_file *file, char digest[CT_DIGEST_LENGTH + 1])
{
	hash_finish(&file->hash, digest);
}

/* linkat(2), AT_EMPTY_PATH: this way needs no capability. */
static int link_as(const struct fetch_file *file, const char *name)
{
	char descriptor[32];

	snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, descriptor, file->directory, name, AT_SYMLINK_FOLLOW);
}

/*
 * No call links over an existing name, so there is a second one for the moment between two calls. It is always the
 * same, so that what a SIGKILL in that moment leaves does not stay. Whoever finds it finishes what its owner has begun:
 * what has that name is complete. It must not be removed, because a file that had a name and lost it cannot be linked
 * again (linkat(2), ENOENT).
 */
static int link_over(const struct fetch_file *file)
{
	char name[NAME_MAX + 1];

	snprintf(name, sizeof(name), ".%s.new", file->name);
	for (int attempt = 0; attempt < REPLACE_ATTEMPTS; attempt++) {
		bool linked = link_as(file, name) == 0;

		if (!linked && errno != EEXIST)
			return -1;
		if (renameat(file->directory, name, file->directory, file->name) < 0 && errno != ENOENT) {
			int saved = errno;

			if (linked)
				unlinkat(file->directory, name, 0);
			errno = saved;
			return -1;
		}
		if (linked)
			return 0;
	}
	return -1;
}

static int give_name(struct fetch_file *file)
{
	if (file->temporary[0]) {
		if (renameat(file->directory, file->temporary, file->directory, file->name) < 0)
			return -1;
		file->temporary[0] = '\0';
		return 0;
	}
	if (link_as(file, file->name) == 0)
		return 0;
	return errno == EEXIST ? link_over(file) : -1;
}

int fetch_file_publish(struct fetch_file *file, struct ct_err *err)
{
	if (fsync(file->fd) < 0 || give_name(file) < 0 || fsync(file->directory) < 0)
		return failure(file, "write", err);
	return 0;
}

int fetch_file_read(struct fetch_file *file, struct ct_buf *content, struct ct_err *err)
{
	if (lseek(file->fd, 0, SEEK_SET) < 0 || ct_read_all(file->fd, (size_t)file->size, content) < 0)
		return failure(file, "read what was downloaded", err);
	return 0;
}

void fetch_file_release(struct fetch_file *file)
{
	if (file->temporary[0])
		unlinkat(file->directory, file->temporary, 0);
	hash_finish(&file->hash, NULL);
	ct_cleanup_close(&file->fd);
	ct_cleanup_close(&file->directory);
	*file = (struct fetch_file)FETCH_FILE_INIT;
}
