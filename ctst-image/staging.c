#include "ctst-image/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/store_leftovers.h"

/* Store failures are about the file system, not about the image: permission has its own code. */
static int store_failure(struct ct_err *err, const char *what, const char *path)
{
	return ct_fail_errno(err, errno == EACCES || errno == EPERM || errno == EROFS ? "S003" : "I003",
			     "cannot %s '%s'", what, path);
}

/* *made: whether it was this call that created the last directory. */
static int make_directory(const char *path, bool *made)
{
	if (mkdir(path, 0700) == 0) {
		*made = true;
		return 0;
	}
	return errno == EEXIST ? 0 : ct_make_directories(path, 0700);
}

static int make_directories(struct staging *staging, struct ct_err *err)
{
	const char *slash = strrchr(staging->images, '/');
	ct_autofree char *parent = slash && slash > staging->images
					   ? ct_strndup(staging->images, (size_t)(slash - staging->images))
					   : NULL;
	bool made_parent = false;

	if (parent && make_directory(parent, &made_parent) < 0)
		return store_failure(err, "create", parent);
	if (made_parent && !staging->made_parent)
		staging->made_parent = ct_strdup(parent);
	if (make_directory(staging->images, &staging->made_images) < 0)
		return store_failure(err, "create", staging->images);
	if (make_directory(staging->layers, &staging->made_layers) < 0)
		return store_failure(err, "create", staging->layers);
	return 0;
}

static int lock_file(int fd, int how)
{
	int result;

	do
		result = flock(fd, how);
	while (result < 0 && errno == EINTR);
	return result;
}

/* Whether the descriptor still is what the path names; an import that failed may have removed it meanwhile. */
static bool is_still_there(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

static int open_store(struct staging *staging, struct ct_err *err)
{
	for (int attempt = 0; attempt < 1000; attempt++) {
		if (make_directories(staging, err) < 0)
			return -1;
		staging->images_fd = open(staging->images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		staging->layers_fd = open(staging->layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (staging->images_fd >= 0 && staging->layers_fd >= 0 && lock_file(staging->images_fd, LOCK_EX) == 0 &&
		    is_still_there(staging->images_fd, staging->images) &&
		    is_still_there(staging->layers_fd, staging->layers))
			return 0;
		if (errno != ENOENT && (staging->images_fd < 0 || staging->layers_fd < 0))
			break;
		ct_cleanup_close(&staging->images_fd);
		ct_cleanup_close(&staging->layers_fd);
		staging->images_fd = staging->layers_fd = -1;
	}
	return store_failure(err, "open the store", staging->images);
}

int staging_lock(struct staging *staging, struct ct_err *err)
{
	if (lock_file(staging->images_fd, LOCK_EX) < 0)
		return store_failure(err, "lock the store", staging->images);
	return 0;
}

void staging_unlock(struct staging *staging)
{
	(void)lock_file(staging->images_fd, LOCK_UN);
}

static int create_areas(struct staging *staging, struct ct_err *err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return ct_fail_errno(err, "I003", "cannot get a random number");
	snprintf(staging->name, sizeof(staging->name), CT_STAGING_PREFIX "%016" PRIx64, number);
	if (mkdirat(staging->layers_fd, staging->name, 0700) < 0)
		return store_failure(err, "create a directory in", staging->layers);
	staging->lock_fd = openat(staging->layers_fd, staging->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->lock_fd < 0 || lock_file(staging->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return store_failure(err, "lock a directory in", staging->layers);
	if (mkdirat(staging->images_fd, staging->name, 0700) < 0)
		return store_failure(err, "create a directory in", staging->images);
	staging->blobs_fd = openat(staging->images_fd, staging->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->blobs_fd < 0)
		return store_failure(err, "open a directory in", staging->images);
	return 0;
}

static char *tree_path(const struct staging *staging, const char *name)
{
	return ct_asprintf("%s-%s", staging->name, name);
}

int staging_make_tree(struct staging *staging, const char *name, struct ct_err *err)
{
	char *path = tree_path(staging, name);
	int fd = -1;

	staging->trees = ct_realloc_array(staging->trees, staging->tree_count + 1, sizeof(*staging->trees));
	staging->trees[staging->tree_count++] = path;
	if (mkdirat(staging->layers_fd, path, 0700) == 0)
		fd = openat(staging->layers_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : store_failure(err, "create a directory in", staging->layers);
}

void staging_remove_tree(struct staging *staging, const char *name)
{
	ct_autofree char *path = tree_path(staging, name);

	(void)ct_remove_tree_at(staging->layers_fd, path);
}

int staging_make_blob(struct staging *staging, const char *name, struct ct_err *err)
{
	int fd = openat(staging->blobs_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd >= 0 ? fd : store_failure(err, "create a file in", staging->images);
}

int staging_create(struct staging *staging, const char *images, const char *layers, struct ct_err *err)
{
	int result;

	*staging = (struct staging)STAGING_INIT;
	staging->images = images;
	staging->layers = layers;
	if (open_store(staging, err) < 0)
		return -1;
	ct_store_remove_leftovers(staging->images_fd, staging->layers_fd);
	result = create_areas(staging, err);
	staging_unlock(staging);
	return result;
}

static int compare_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* A lock whose file has been removed by its last owner protects nothing. */
static int lock_layer(struct staging *staging, const char *hex, struct ct_err *err)
{
	char name[96];

	snprintf(name, sizeof(name), CT_STAGING_PREFIX "lock-%.64s", hex);
	for (;;) {
		ct_autoclose int fd = openat(staging->layers_fd, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
					     0600);
		struct stat ours, named;

		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			return ct_fail_errno(err, "I003", "cannot lock the layer '%s'", hex);
		if (fstat(fd, &ours) == 0 && fstatat(staging->layers_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
			return ct_take_fd(&fd);
	}
}

int staging_lock_layers(struct staging *staging, const char *const *layers, size_t count, struct ct_err *err)
{
	ct_autofree const char **sorted = ct_alloc_array(count, sizeof(*sorted));

	memcpy(sorted, layers, count * sizeof(*sorted));
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), compare_text);
	staging->locks = ct_alloc_array(count, sizeof(*staging->locks));
	staging->locked = ct_alloc_array(count, sizeof(*staging->locked));
	for (size_t i = 0; i < count; i++) {
		int fd;

		if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
			continue;
		fd = lock_layer(staging, sorted[i], err);
		if (fd < 0)
			return -1;
		staging->locked[staging->lock_count] = ct_strdup(sorted[i]);
		staging->locks[staging->lock_count++] = fd;
	}
	return 0;
}

static void unlock_layers(struct staging *staging)
{
	char name[96];

	for (size_t i = 0; i < staging->lock_count; i++) {
		snprintf(name, sizeof(name), CT_STAGING_PREFIX "lock-%.64s", staging->locked[i]);
		unlinkat(staging->layers_fd, name, 0);
		close(staging->locks[i]);
		free(staging->locked[i]);
	}
	free(staging->locks);
	free(staging->locked);
}

bool staging_has_layer(const struct staging *staging, const char *layer_hex)
{
	struct stat status;

	return fstatat(staging->layers_fd, layer_hex, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static void note(struct staging *staging, int directory, char *path)
{
	struct stat status;

	if (fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT) {
		free(path);
		return;
	}
	staging->published = ct_realloc_array(staging->published, staging->published_count + 1,
					      sizeof(*staging->published));
	staging->published[staging->published_count++] = path;
}

void staging_note_blob(struct staging *staging, const char *hex)
{
	note(staging, staging->images_fd, ct_asprintf("blobs/sha256/%s", hex));
}

void staging_revert(struct staging *staging)
{
	for (size_t i = 0; i < staging->published_count; i++) {
		const char *path = staging->published[i];

		if (strchr(path, '/'))
			unlinkat(staging->images_fd, path, 0);
		else
			(void)ct_remove_tree_at(staging->layers_fd, path);
	}
}

int staging_sync(const struct staging *staging, struct ct_err *err)
{
	struct stat images, layers;

	if (syncfs(staging->layers_fd) < 0)
		return store_failure(err, "sync", staging->layers);
	if (fstat(staging->images_fd, &images) == 0 && fstat(staging->layers_fd, &layers) == 0 &&
	    images.st_dev == layers.st_dev)
		return 0;
	return syncfs(staging->images_fd) < 0 ? store_failure(err, "sync", staging->images) : 0;
}

int staging_publish_blob(struct staging *staging, const char *name, const char *hex, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("blobs/sha256/%s", hex);

	staging_note_blob(staging, hex);
	if (renameat(staging->blobs_fd, name, staging->images_fd, path) < 0)
		return store_failure(err, "store the layer as", path);
	return 0;
}

int staging_publish_tree(struct staging *staging, const char *name, const char *hex, struct ct_err *err)
{
	ct_autofree char *path = tree_path(staging, name);

	note(staging, staging->layers_fd, ct_strdup(hex));
	if (renameat(staging->layers_fd, path, staging->layers_fd, hex) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return store_failure(err, "store the tree as", hex);
	return 0;
}

static void remove_made_directories(struct staging *staging)
{
	if (staging->made_layers)
		rmdir(staging->layers);
	if (staging->made_images) {
		/* Empty ones only: somebody else may have published meanwhile. */
		unlinkat(staging->images_fd, "blobs/sha256", AT_REMOVEDIR);
		unlinkat(staging->images_fd, "blobs", AT_REMOVEDIR);
		unlinkat(staging->images_fd, "sources", AT_REMOVEDIR);
		rmdir(staging->images);
	}
	if (staging->made_parent)
		rmdir(staging->made_parent);
}

void staging_discard(struct staging *staging)
{
	struct ct_err ignored = CT_ERR_INIT;
	bool locked = staging->images_fd >= 0 && staging_lock(staging, &ignored) == 0;

	/* The lock last: what it protects must not be taken for somebody's whose importer is dead. */
	for (size_t i = 0; i < staging->tree_count; i++) {
		(void)ct_remove_tree_at(staging->layers_fd, staging->trees[i]);
		free(staging->trees[i]);
	}
	free(staging->trees);
	if (staging->name[0]) {
		(void)ct_remove_tree_at(staging->images_fd, staging->name);
		(void)unlinkat(staging->layers_fd, staging->name, AT_REMOVEDIR);
	}
	unlock_layers(staging);
	if (locked)
		remove_made_directories(staging);
	ct_cleanup_close(&staging->lock_fd);
	ct_cleanup_close(&staging->blobs_fd);
	ct_cleanup_close(&staging->layers_fd);
	ct_cleanup_close(&staging->images_fd); /* gives the lock back */
	free(staging->made_parent);
	for (size_t i = 0; i < staging->published_count; i++)
		free(staging->published[i]);
	free(staging->published);
	*staging = (struct staging)STAGING_INIT;
}
