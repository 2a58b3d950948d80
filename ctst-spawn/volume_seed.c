#include "ctst-spawn/volume_seed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define MOST_DEPTH 100

/* Volumes' names begin with a letter, so this is never one. */
static char *mark_of(const char *volume)
{
	const char *slash = strrchr(volume, '/');

	return ct_asprintf("%.*s/.%s.new", (int)(slash - volume), volume, slash + 1);
}

int volume_mark_new(const char *volume)
{
	ct_autofree char *path = mark_of(volume);
	ct_autoclose int mark = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return mark < 0 ? -1 : 0;
}

bool volume_is_new(const char *volume)
{
	ct_autofree char *path = mark_of(volume);

	return access(path, F_OK) == 0;
}

void volume_mark_used(const char *volume)
{
	ct_autofree char *path = mark_of(volume);

	(void)unlink(path);
}

int volume_take_turn(const char *volume)
{
	ct_autofree char *path = mark_of(volume);
	ct_autoclose int turn = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	/* Who had it before may have started. */
	return turn < 0 || flock(turn, LOCK_EX | LOCK_NB) < 0 || access(path, F_OK) < 0 ? -1 : ct_take_fd(&turn);
}

/* Owners that this container has no ids for stay root's. */
static int take_owner(int fd, const struct stat *like)
{
	if (fchown(fd, like->st_uid, like->st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return -1;
	return fchmod(fd, like->st_mode & 07777);
}

static int copy_bytes(int from, int to)
{
	ssize_t copied;

	do
		copied = sendfile(to, from, NULL, 1 << 30);
	while (copied > 0 || (copied < 0 && errno == EINTR));
	return copied < 0 ? -1 : 0;
}

/* The name appears with the content, so that an interrupted copy is made again. */
static int copy_file(int from, int to, const char *name, const struct stat *status)
{
	static const char temporary[] = ".containust-new";
	ct_autoclose int source = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ct_autoclose int target = -1;

	(void)unlinkat(to, temporary, 0);
	target = openat(to, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (source < 0 || target < 0 || copy_bytes(source, target) < 0 || take_owner(target, status) < 0)
		return -1;
	return renameat(to, temporary, to, name);
}

static int copy_link(int from, int to, const char *name, const struct stat *status)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(from, name, text, sizeof(text) - 1);

	if (length < 0)
		return -1;
	text[length] = '\0';
	if (symlinkat(text, to, name) < 0)
		return -1;
	(void)fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int copy_directory(int from, int to, int depth);

static int copy_entry(int from, int to, const char *name, int depth)
{
	ct_autoclose int inner_from = -1, inner_to = -1;
	struct stat status, there;
	bool exists = fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) == 0;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (exists && (!S_ISDIR(status.st_mode) || !S_ISDIR(there.st_mode)))
		return 0;
	if (S_ISREG(status.st_mode))
		return copy_file(from, to, name, &status);
	if (S_ISLNK(status.st_mode))
		return copy_link(from, to, name, &status);
	if (!S_ISDIR(status.st_mode))
		return 0;
	if (!exists && mkdirat(to, name, 0700) < 0)
		return -1;
	inner_from = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	inner_to = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (inner_from < 0 || inner_to < 0 || copy_directory(inner_from, inner_to, depth + 1) < 0)
		return -1;
	return exists ? 0 : take_owner(inner_to, &status);
}

static int copy_directory(int from, int to, int depth)
{
	int copy = fcntl(from, F_DUPFD_CLOEXEC, 0);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int status = 0, failure;

	if (!directory || depth > MOST_DEPTH) {
		if (directory)
			errno = ELOOP;
		failure = errno;
		if (directory)
			closedir(directory);
		errno = failure;
		return -1;
	}
	while (status == 0 && (errno = 0, entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			status = copy_entry(from, to, entry->d_name, depth);
	}
	if (status == 0 && errno != 0)
		status = -1;
	failure = errno;
	closedir(directory);
	errno = failure;
	return status;
}

static bool is_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	int entries = 0;

	while (directory && readdir(directory))
		entries++;
	if (directory)
		closedir(directory);
	return entries <= 2;
}

int volume_seed(int image, int volume, bool *unowned, struct ct_err *err)
{
	ct_autoclose int from = openat(image, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autoclose int to = openat(volume, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (from < 0 || to < 0 || fstat(from, &status) < 0 || copy_directory(from, to, 0) < 0 ||
	    take_owner(to, &status) < 0)
		return ct_fail_errno(err, "R003", "cannot copy what the image has into a new volume");
	*unowned = status.st_uid == 0 && is_empty(to);
	return 0;
}
