#include "ctst-image/slim/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/store_leftovers.h"
#include "ctst-image/link_map.h"
#include "ctst-image/slim/image.h"

#define CANONICAL_TIME 1153704088 /* as in the canonical tar of a directory */
#define CAPABILITY_XATTR "security.capability"
#define MAX_CAPABILITY_BYTES 64
#define MAX_BYTES ((int64_t)256 << 30) /* what the importer takes, holes included */

struct filling {
	int target;
	const struct slim *slim;
	struct link_map links;
	bool as_root; /* owners are kept */
};

static int store_failure(struct ct_err *err, const char *path)
{
	return ct_fail_errno(err, errno == EACCES || errno == EPERM ? "S003" : "I003", "cannot create '%s'", path);
}

/* The lock of the store keeps tidying programs away until the staging directory has its own (common/store_leftovers.h). */
int stage_create(struct stage *stage, const char *images, const char *layers, struct ct_err *err)
{
	ct_autoclose int store = -1;
	uint64_t number = 0;

	if (ct_make_directories(images, 0700) < 0)
		return store_failure(err, images);
	if (ct_make_directories(layers, 0700) < 0)
		return store_failure(err, layers);
	store = open(images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stage->layers = open(layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store < 0 || stage->layers < 0 || flock(store, LOCK_EX) < 0)
		return store_failure(err, images);
	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint64_t)getpid();
	stage->name = ct_asprintf(CT_STAGING_PREFIX "%016llx", (unsigned long long)number);
	stage->path = ct_asprintf("%s/%s", layers, stage->name);
	if (mkdirat(stage->layers, stage->name, 0700) < 0)
		return store_failure(err, stage->path);
	stage->fd = openat(stage->layers, stage->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (stage->fd < 0 || flock(stage->fd, LOCK_EX | LOCK_NB) < 0)
		return store_failure(err, stage->path);
	return 0;
}

static int changed(const struct filling *filling, const struct tree_entry *entry, struct ct_err *err)
{
	ct_fail(err, "I003", "%s: '/%.300s' changed while it was being copied", filling->slim->what, entry->path);
	return ct_err_hint(err, "try again when nothing writes to it any more");
}

static bool is_same(const struct stat *before, const struct stat *now)
{
	return before->st_dev == now->st_dev && before->st_ino == now->st_ino && before->st_size == now->st_size &&
	       before->st_mtim.tv_sec == now->st_mtim.tv_sec && before->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

/* 0: all of it; 1: it has become shorter. */
static int copy_by_hand(int from, int to, int64_t left)
{
	char chunk[65536];

	while (left > 0) {
		ssize_t got = read(from, chunk, left < (int64_t)sizeof(chunk) ? (size_t)left : sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -1 : 1;
		if (ct_write_all(to, chunk, (size_t)got) < 0)
			return -1;
		left -= got;
	}
	return 0;
}

/* In the kernel where it can: not between all file systems, copy_file_range(2). */
static int copy_bytes(int from, int to, int64_t left)
{
	while (left > 0) {
		ssize_t got = copy_file_range(from, NULL, to, NULL, left > (1 << 30) ? 1 << 30 : (size_t)left, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return copy_by_hand(from, to, left);
		left -= got;
	}
	return 0;
}

/* An image may be made without root; then everything is the caller's. Giving away clears set-id bits, so modes come after. */
static int keep_owner(const struct filling *filling, int fd, const struct stat *status)
{
	return filling->as_root ? fchown(fd, status->st_uid, status->st_gid) : 0;
}

/* As for `ping`: without its capability the program is another one. Where it cannot be set, the container could not use it. */
static void keep_capability(int from, int to)
{
	char value[MAX_CAPABILITY_BYTES];
	ssize_t length = fgetxattr(from, CAPABILITY_XATTR, value, sizeof(value));

	if (length > 0)
		(void)!fsetxattr(to, CAPABILITY_XATTR, value, (size_t)length, 0);
}

static int copy_content(struct filling *filling, const struct tree_entry *entry, int from, int to, struct ct_err *err)
{
	const struct stat *status = &entry->status;
	struct timespec times[2] = { status->st_mtim, status->st_mtim };
	struct stat now;
	int result;

	if (fstat(from, &now) < 0 || !is_same(status, &now))
		return changed(filling, entry, err);
	result = copy_bytes(from, to, status->st_size);
	if (result == 0 && (fstat(from, &now) < 0 || !is_same(status, &now)))
		result = 1;
	if (result == 1)
		return changed(filling, entry, err);
	if (result == 0)
		result = keep_owner(filling, to, status);
	if (result < 0 || fchmod(to, status->st_mode & 07777) < 0)
		return ct_fail_errno(err, "I003", "cannot copy '/%.300s'", entry->path);
	keep_capability(from, to);
	return futimens(to, times) < 0 ? ct_fail_errno(err, "I003", "cannot copy '/%.300s'", entry->path) : 0;
}

static int create(struct filling *filling, const struct tree_entry *entry, struct ct_err *err)
{
	int fd = ct_open_in_root(filling->target, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	return fd < 0 ? ct_fail_errno(err, "I003", "cannot create '/%.300s' of the image", entry->path) : fd;
}

static int put_file(struct filling *filling, const struct tree_entry *entry, struct ct_err *err)
{
	ct_autoclose int from = ct_open_in_root(filling->slim->root, entry->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
						0);
	ct_autoclose int to = -1;
	const char *first = NULL;

	if (from < 0)
		return ct_fail_errno(err, "I003", "%s: cannot read '/%.300s'", filling->slim->what, entry->path);
	if (entry->status.st_nlink > 1)
		first = link_map_first(&filling->links, entry->status.st_dev, entry->status.st_ino, entry->path);
	/* Names of one file within the image stay names of one file. */
	if (first) {
		if (linkat(filling->target, first, filling->target, entry->path, 0) < 0)
			return ct_fail_errno(err, "I003", "cannot create '/%.300s' of the image", entry->path);
		return 0;
	}
	to = create(filling, entry, err);
	return to < 0 ? -1 : copy_content(filling, entry, from, to, err);
}

static int put_text(struct filling *filling, const struct tree_entry *entry, struct ct_err *err)
{
	static const struct timespec times[2] = { { CANONICAL_TIME, 0 }, { CANONICAL_TIME, 0 } };
	ct_autoclose int to = create(filling, entry, err);

	if (to < 0)
		return -1;
	if (ct_write_all(to, entry->text, (size_t)entry->status.st_size) < 0 ||
	    fchmod(to, entry->status.st_mode & 07777) < 0 || futimens(to, times) < 0)
		return ct_fail_errno(err, "I003", "cannot write '/%.300s' of the image", entry->path);
	return 0;
}

static int put_link(struct filling *filling, const struct tree_entry *entry, struct ct_err *err)
{
	const struct stat *status = &entry->status;
	struct timespec times[2] = { status->st_mtim, status->st_mtim };

	/* Directories are made before what is in them and nobody else writes here: the parents are no links. */
	if (symlinkat(entry->text, filling->target, entry->path) < 0 ||
	    (filling->as_root &&
	     fchownat(filling->target, entry->path, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0) ||
	    utimensat(filling->target, entry->path, times, AT_SYMLINK_NOFOLLOW) < 0)
		return ct_fail_errno(err, "I003", "cannot create the link '/%.300s' of the image", entry->path);
	return 0;
}

static int put(struct filling *filling, const struct tree_entry *entry, struct ct_err *err)
{
	switch (entry->kind) {
	case TREE_DIRECTORY:
		if (mkdirat(filling->target, entry->path, 0700) < 0)
			return ct_fail_errno(err, "I003", "cannot create '/%.300s' of the image", entry->path);
		return 0;
	case TREE_LINK:
		return put_link(filling, entry, err);
	case TREE_TEXT:
		return put_text(filling, entry, err);
	default:
		return put_file(filling, entry, err);
	}
}

/* Last and from the bottom up: filling a directory changes its time, and one that is not writable could not be filled. */
static int finish_directory(struct filling *filling, const char *path, const struct stat *status, struct ct_err *err)
{
	static const struct timespec times[2] = { { CANONICAL_TIME, 0 }, { CANONICAL_TIME, 0 } };
	ct_autoclose int fd = ct_open_in_root(filling->target, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	if (fd < 0 || keep_owner(filling, fd, status) < 0 || fchmod(fd, status->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return ct_fail_errno(err, "I003", "cannot set the mode of '/%.300s' of the image", path);
	return 0;
}

static int fill(struct filling *filling, const uint32_t *order, struct ct_err *err)
{
	static const struct stat root = { .st_mode = S_IFDIR | 0755 };
	const struct tree *tree = &filling->slim->tree;

	for (size_t i = 0; i < tree->count; i++) {
		if (image_signal())
			return ct_fail(err, CT_NO_CODE, "interrupted");
		if (put(filling, &tree->entries[order[i]], err) < 0)
			return -1;
	}
	for (size_t i = tree->count; i > 0; i--) {
		const struct tree_entry *entry = &tree->entries[order[i - 1]];

		if (entry->kind == TREE_DIRECTORY && finish_directory(filling, entry->path, &entry->status, err) < 0)
			return -1;
	}
	return finish_directory(filling, ".", &root, err);
}

int stage_fill(const struct stage *stage, const struct slim *slim, struct ct_err *err)
{
	struct filling filling = { .target = stage->fd, .slim = slim, .as_root = geteuid() == 0 };
	ct_autofree uint32_t *order = tree_sorted(&slim->tree);
	int result;

	if (tree_size(&slim->tree) > MAX_BYTES)
		return ct_fail(err, "I003", "%s: it would be an image of more than 256 GiB", slim->what);
	result = fill(&filling, order, err);

	link_map_release(&filling.links);
	return result;
}

void stage_discard(struct stage *stage)
{
	if (stage->fd >= 0)
		ct_remove_tree_at(stage->layers, stage->name);
	ct_cleanup_close(&stage->fd);
	ct_cleanup_close(&stage->layers);
	free(stage->path);
	free(stage->name);
	*stage = (struct stage)STAGE_INIT;
}
