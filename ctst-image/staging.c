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

static int lock_directory(int fd, int how)
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
		if (staging->images_fd >= 0 && staging->layers_fd >= 0 &&
		    lock_directory(staging->images_fd, LOCK_EX) == 0 &&
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
	if (lock_directory(staging->images_fd, LOCK_EX) < 0)
		return store_failure(err, "lock the store", staging->images);
	return 0;
}

void staging_unlock(struct staging *staging)
{
	(void)lock_directory(staging->images_fd, LOCK_UN);
}

static int create_tree_and_blob(struct staging *staging, struct ct_err *err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return ct_fail_errno(err, "I003", "cannot get a random number");
	snprintf(staging->name, sizeof(staging->name), CT_STAGING_PREFIX "%016" PRIx64, number);
	if (mkdirat(staging->layers_fd, staging->name, 0700) < 0)
		return store_failure(err, "create a directory in", staging->layers);
	staging->tree_fd = openat(staging->layers_fd, staging->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->tree_fd < 0 || lock_directory(staging->tree_fd, LOCK_EX | LOCK_NB) < 0)
		return store_failure(err, "lock a directory in", staging->layers);
	staging->blob_fd = openat(staging->images_fd, staging->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (staging->blob_fd < 0)
		return store_failure(err, "create a file in", staging->images);
	return 0;
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
	result = create_tree_and_blob(staging, err);
	staging_unlock(staging);
	return result;
}

static int publish_blob(struct staging *staging, const char *hex, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("blobs/sha256/%s", hex);
	int failed = fsync(staging->blob_fd);

	/* Whatever is there under this name is replaced: it has the same content, or it is damaged. */
	if (failed < 0 || renameat(staging->images_fd, staging->name, staging->images_fd, path) < 0)
		return store_failure(err, "store the layer as", path);
	close(ct_take_fd(&staging->blob_fd));
	return 0;
}

int staging_publish(struct staging *staging, const char *blob_hex, const char *layer_hex, struct ct_err *err)
{
	if (publish_blob(staging, blob_hex, err) < 0)
		return -1;
	if (renameat(staging->layers_fd, staging->name, staging->layers_fd, layer_hex) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return store_failure(err, "store the tree as", layer_hex);
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

	if (staging->name[0]) {
		unlinkat(staging->images_fd, staging->name, 0);
		(void)ct_remove_tree_at(staging->layers_fd, staging->name);
	}
	if (locked)
		remove_made_directories(staging);
	ct_cleanup_close(&staging->tree_fd);
	ct_cleanup_close(&staging->blob_fd);
	ct_cleanup_close(&staging->layers_fd);
	ct_cleanup_close(&staging->images_fd); /* gives the lock back */
	free(staging->made_parent);
	*staging = (struct staging)STAGING_INIT;
}
