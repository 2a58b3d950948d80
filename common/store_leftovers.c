#include "common/store_leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

static bool has_prefix(const char *name)
{
	return strncmp(name, CT_STAGING_PREFIX, strlen(CT_STAGING_PREFIX)) == 0;
}

/*
 * ".staging-lock-<digest>" is its own lock, ".staging-<random>-<name>" has that of ".staging-<random>". What
 * nobody holds is left; so is what has lost its lock, or cannot even be opened.
 */
static bool is_abandoned(int layers, const char *name)
{
	char lock[sizeof(CT_STAGING_PREFIX) + CT_STAGING_RANDOM];
	ct_autoclose int fd = -1;

	if (!has_prefix(name))
		return false;
	if (strncmp(name + strlen(CT_STAGING_PREFIX), "lock-", 5) != 0) {
		snprintf(lock, sizeof(lock), "%s", name);
		name = lock;
	}
	fd = openat(layers, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? errno == EACCES || errno == ENOENT : flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* A blob goes when its tree has gone. */
static bool is_orphaned_blob(int layers, const char *name)
{
	struct stat status;

	return has_prefix(name) && fstatat(layers, name, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static bool is_temporary(int layers, const char *name)
{
	size_t length = strlen(name);

	(void)layers;
	return name[0] == '.' && length > 5 && strcmp(name + length - 4, ".new") == 0;
}

/* Returns whether there is any in `directory`, and removes all of them when asked to. */
static bool each_leftover(int directory, const char *name, int layers,
			  bool (*is_leftover)(int layers, const char *name), bool remove)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	while (stream && (remove || !found) && (entry = readdir(stream))) {
		if (!is_leftover(layers, entry->d_name))
			continue;
		found = true;
		if (remove)
			(void)ct_remove_tree_at(fd, entry->d_name);
	}
	if (stream)
		closedir(stream);
	return found;
}

static bool leftovers(int images, int layers, bool remove)
{
	static const char *const written[] = { ".", "sources", "blobs/sha256" };
	bool found = each_leftover(layers, ".", layers, is_abandoned, remove);

	found |= each_leftover(images, ".", layers, is_orphaned_blob, remove);
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
		found |= each_leftover(images, written[i], layers, is_temporary, remove);
	return found;
}

void ct_store_remove_leftovers(int images, int layers)
{
	(void)leftovers(images, layers, true);
}

void ct_store_tidy(const char *images, const char *layers)
{
	ct_autoclose int images_fd = open(images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_autoclose int layers_fd = open(layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (images_fd < 0 || layers_fd < 0 || !leftovers(images_fd, layers_fd, false))
		return;
	if (flock(images_fd, LOCK_EX | LOCK_NB) == 0)
		ct_store_remove_leftovers(images_fd, layers_fd);
}
