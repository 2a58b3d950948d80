#include "ctst-spawn/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/log.h"

#define MOST_ATTEMPTS 1000 /* each is lost only to a rotation, which takes the writer megabytes */

static int open_number(int directory, int number)
{
	ct_autoclose int file = openat(directory, log_file_name(number),
				       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (file >= 0 && (fstat(file, &status) < 0 || !S_ISREG(status.st_mode))) {
		errno = ENOENT;
		return -1;
	}
	return ct_take_fd(&file);
}

static bool is_missing(int directory, int number)
{
	return faccessat(directory, log_file_name(number), F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static bool has_number(int directory, int number, const struct stat *file)
{
	struct stat status;

	return fstatat(directory, log_file_name(number), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_ino == file->st_ino && status.st_dev == file->st_dev;
}

/* Upwards, as the numbers go: a file that is renamed meanwhile is met all the same. -1: it has none. */
static int find_number(int directory, const struct stat *file)
{
	for (int number = 0; number < LOG_FILES; number++) {
		if (has_number(directory, number, file))
			return number;
	}
	return -1;
}

static bool all_missing(int directory, int from, int to, int step)
{
	for (int number = from; number != to; number += step) {
		if (!is_missing(directory, number))
			return false;
	}
	return true;
}

/* The first file from `from` on in one direction; *found is its number, or one outside of the numbers. */
static int open_first(int directory, int from, int step, int *found)
{
	for (*found = from; *found >= 0 && *found < LOG_FILES; *found += step) {
		int file = open_number(directory, *found);

		if (file >= 0 || errno != ENOENT)
			return file;
	}
	errno = ENOENT;
	return -1;
}

/* From an end of the log when `own` is NULL, else from that file. */
static int open_neighbour(const char *path, const struct stat *own, int step)
{
	ct_autoclose int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return -1;
	for (int i = 0; i < MOST_ATTEMPTS; i++) {
		int number = own ? find_number(directory, own) : step > 0 ? -1 : LOG_FILES;
		int found, file, failure;

		if (own && number < 0) {
			errno = ESTALE;
			return -1;
		}
		file = open_first(directory, number + step, step, &found);
		failure = errno;
		if (all_missing(directory, number + step, found, step) &&
		    (!own || has_number(directory, number, own))) {
			errno = failure;
			return file;
		}
		if (file >= 0)
			close(file);
	}
	errno = ENOENT;
	return -1;
}

static int open_beside(const char *directory, int file, int step)
{
	struct stat own;

	return fstat(file, &own) < 0 ? -1 : open_neighbour(directory, &own, step);
}

int log_files_oldest(const char *directory)
{
	return open_neighbour(directory, NULL, -1);
}

int log_files_newest(const char *directory)
{
	return open_neighbour(directory, NULL, 1);
}

int log_files_before(const char *directory, int file)
{
	return open_beside(directory, file, 1);
}

int log_files_after(const char *directory, int file)
{
	return open_beside(directory, file, -1);
}
