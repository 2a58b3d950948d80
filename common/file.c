#include "common/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

#define FIRST_READ ((size_t)4000)
#define LARGEST_READ ((size_t)1 << 20)

int ct_read_all(int fd, size_t limit, struct ct_buf *out)
{
	size_t total = 0;

	for (;;) {
		size_t step = FIRST_READ;
		ssize_t got;

		/* As much again as there is: a large file takes few reads, a small one little memory. */
		if (out->length > step)
			step = out->length < LARGEST_READ ? out->length : LARGEST_READ;
		ct_buf_reserve(out, step);
		got = read(fd, out->data + out->length, step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		out->length += (size_t)got;
		out->data[out->length] = '\0';
		total += (size_t)got;
		if (got == 0)
			return 0;
		if (total > limit) {
			errno = EFBIG;
			return -1;
		}
	}
}

ssize_t ct_read_at(int fd, void *to, size_t length, off_t offset)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(fd, (char *)to + done, length - done, offset + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int ct_read_file_at(int dirfd, const char *path, size_t limit, struct ct_buf *out)
{
	ct_autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	if (status.st_size > 0 && (size_t)status.st_size <= limit) {
		/* The usual case: one read gets it all and a second one sees the end. */
		ct_buf_reserve(out, (size_t)status.st_size + 1);
		got = read(fd, out->data + out->length, (size_t)status.st_size + 1);
		if (got >= 0) {
			out->length += (size_t)got;
			out->data[out->length] = '\0';
			if (got == status.st_size)
				return 0;
		}
	}
	return ct_read_all(fd, limit, out);
}

int ct_write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

static int write_new(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode, bool durable)
{
	ct_autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -1;
	if (ct_write_all(fd, bytes, length) < 0)
		return -1;
	return durable ? fsync(fd) : 0;
}

int ct_replace_file_at(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode, bool durable)
{
	char temporary[256];
	int saved;

	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (write_new(dirfd, temporary, bytes, length, mode, durable) < 0 ||
	    renameat(dirfd, temporary, dirfd, name) < 0) {
		saved = errno;
		unlinkat(dirfd, temporary, 0);
		errno = saved;
		return -1;
	}
	if (durable) {
		ct_autoclose int directory = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (directory < 0 || fsync(directory) < 0)
			return -1;
	}
	return 0;
}

int ct_make_directories(const char *path, mode_t mode)
{
	ct_autofree char *copy = ct_strdup(path);
	struct stat status;

	if (mkdir(path, mode) == 0)
		return 0;
	for (char *slash = strchr(copy + 1, '/'); errno == ENOENT && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
		errno = ENOENT;
	}
	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return -1;
}

/*
 * Removes what a directory holds, or descends one level: *down is the name of the
 * first sub-directory that is not empty. 0: the directory is empty now.
 */
static int empty_directory(DIR *stream, char *down, size_t size, int *first_error)
{
	int fd = dirfd(stream);
	struct dirent *entry;
	int left = 0;

	down[0] = '\0';
	rewinddir(stream);
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if ((errno == EISDIR || errno == EPERM) && unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno == ENOTEMPTY || errno == EEXIST) {
			snprintf(down, size, "%s", entry->d_name);
			return 1;
		}
		if (!*first_error)
			*first_error = errno;
		left = -1;
	}
	return left;
}

/*
 * Also one that its owner made unreadable or read-only: to be emptied it must be written to, and so must a
 * directory that is moved.
 */
static DIR *open_directory(int parent, const char *name)
{
	ct_autoclose int place = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	char path[64];
	int fd;

	if (place < 0 || fstat(place, &status) < 0)
		return NULL;
	/* chmod(2) of the descriptor's own name: no link can come between. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	if ((status.st_mode & 0700) != 0700)
		(void)chmod(path, 0700);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? NULL : fdopendir(fd);
}

int ct_remove_tree_at(int parent, const char *name)
{
	/*
	 * Deep trees are taken apart by moving: what lies below the second level is
	 * renamed up to the first, so that two open directories suffice at any depth.
	 */
	int first_error = 0;
	DIR *top;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	top = open_directory(parent, name);
	if (!top)
		return errno == ENOENT ? 0 : -1;
	for (unsigned long moved = 0;;) {
		char child_name[NAME_MAX + 1], grandchild[NAME_MAX + 1], parking[32];
		int state = empty_directory(top, child_name, sizeof(child_name), &first_error);
		DIR *child;

		if (state <= 0)
			break;
		child = open_directory(dirfd(top), child_name);
		if (!child) {
			first_error = errno;
			break;
		}
		state = empty_directory(child, grandchild, sizeof(grandchild), &first_error);
		if (state > 0) {
			DIR *prepared = open_directory(dirfd(child), grandchild);

			if (prepared)
				closedir(prepared);
			snprintf(parking, sizeof(parking), ".removed-%lu", moved++);
			if (renameat(dirfd(child), grandchild, dirfd(top), parking) < 0 && errno != EEXIST &&
			    errno != ENOTEMPTY && errno != ENOTDIR)
				first_error = errno;
		}
		closedir(child);
		if (state < 0 || first_error)
			break;
	}
	closedir(top);
	if (!first_error && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		first_error = errno;
	errno = first_error;
	return first_error ? -1 : 0;
}

int ct_open_in_root(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: something was renamed while the kernel made sure that ".." stays inside; openat2(2) says to try again. */
	for (int attempt = 0; attempt < 32; attempt++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

int ct_open_beneath(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EINTR);
	return (int)fd;
}

int ct_open_without_links(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

int ct_write_stdout(const void *bytes, size_t length, struct ct_err *err)
{
	if (ct_write_all(STDOUT_FILENO, bytes, length) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output");
	/* NFS and full disks may tell only now (close(2), NOTES). */
	if (close(STDOUT_FILENO) < 0 && errno != EINTR)
		return ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output");
	/* Nothing else may become descriptor 1. */
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) < 0)
		errno = 0;
	return 0;
}

void ct_open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
