#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/rootfs.h"
#include "ctst-spawn/volume_seed.h"

/* Makes what is missing of `target`, each step beneath the root; needed below a tmpfs or inside another volume. */
static int make_target(int root, const char *target, bool directory)
{
	ct_autofree char *path = ct_strdup(target);

	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		ct_autoclose int parent = -1;
		char *name;

		if (slash)
			*slash = '\0';
		name = strrchr(path, '/') + 1;
		name[-1] = '\0';
		parent = ct_open_in_root(root, path[0] ? path : "/", O_PATH | O_DIRECTORY, 0);
		name[-1] = '/';
		if (parent < 0)
			return -1;
		if (slash || directory) {
			if (name[0] && mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
				return -1;
		} else {
			ct_autoclose int file = openat(parent, name,
						       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

			return file < 0 && errno != EEXIST ? -1 : 0;
		}
		if (!slash)
			return 0;
		*slash = '/';
	}
}

/* The tree is attached by now, so what is mounted upon it is seen in the container. */
static int cover(int tree, const struct container_mount *mount, struct ct_err *err)
{
	ct_autoclose int place = ct_open_in_root(tree, mount->hidden, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	ct_autoclose int empty = open("empty", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ct_autoclose int cover = -1;

	if (place < 0 || empty < 0)
		return ct_fail_errno(err, "R003", "cannot find '%s' of '%s'", mount->hidden, mount->source);
	cover = identity_open_tree(empty, "empty", true, -1, err);
	if (cover < 0)
		return -1;
	if (syscall(SYS_move_mount, cover, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return ct_fail_errno(err, "R003", "cannot hide '%s' of '%s'", mount->hidden, mount->source);
	return 0;
}

/*
 * The parser refuses these as targets, but a link in the image, or in a volume that another container can write to, may
 * lead there. What is hidden in /proc and /sys would be in the open under a second mount. The place is a descriptor, so
 * that nobody moves it afterwards.
 */
static int refuse_reserved(int root, int place, const struct container_mount *mount, struct ct_err *err)
{
	static const char *const reserved[] = { "", "/proc", "/sys", "/dev" };
	char path[PATH_MAX];

	if (rootfs_real_path(root, place, path, sizeof(path)) < 0)
		return ct_fail_errno(err, "R003", "cannot find the mount point '%s'", mount->target);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		size_t length = strlen(reserved[i]);

		if (strncmp(path, reserved[i], length) != 0 || (path[length] && (i == 0 || path[length] != '/')))
			continue;
		ct_fail(err, "R003", "cannot mount '%s' on '%s': it leads to '%s' of the container", mount->source,
			mount->target, path[0] ? path : "/");
		return ct_err_hint(err, "no volume can be mounted on /, /proc, /sys, /dev or below");
	}
	return 0;
}

static int mount_volume(int root, int tree, struct container_mount *mount, struct ct_err *err)
{
	ct_autoclose int target = ct_open_in_root(root, mount->target, O_PATH, 0);
	struct stat source, place;

	if (fstat(tree, &source) < 0)
		return ct_fail_errno(err, "R003", "cannot look at '%s'", mount->source);
	if (target < 0 && errno == ENOENT && make_target(root, mount->target, S_ISDIR(source.st_mode)) == 0)
		target = ct_open_in_root(root, mount->target, O_PATH, 0);
	if (target < 0 || fstat(target, &place) < 0)
		return ct_fail_errno(err, "R003", "cannot find the mount point '%s'", mount->target);
	if (refuse_reserved(root, target, mount, err) < 0)
		return -1;
	if (S_ISDIR(source.st_mode) != S_ISDIR(place.st_mode)) {
		ct_fail(err, "R003", "cannot mount '%s' on '%s': one is a directory and the other is not",
			mount->source, mount->target);
		return ct_err_hint(err, "mount a directory on a directory, or a file on a file");
	}
	if (mount->fresh && S_ISDIR(place.st_mode) && volume_seed(target, tree, &mount->unowned, err) < 0)
		return ct_err_context(err, "'%s'", mount->target);
	if (syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return ct_fail_errno(err, "R003", "cannot mount '%s' on '%s'", mount->source, mount->target);
	return mount->hidden ? cover(tree, mount, err) : 0;
}

int volumes_mount(const struct rootfs *rootfs, struct ct_err *err)
{
	ct_autoclose int root = -1;

	if (rootfs->container->mount_count == 0)
		return 0;
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return ct_fail_errno(err, "R003", "cannot open the root file system");
	for (size_t i = 0; i < rootfs->container->mount_count; i++) {
		if (mount_volume(root, rootfs->mounts[i], &rootfs->container->mounts[i], err) < 0)
			return -1;
	}
	return 0;
}

int volumes_give(const struct container *container, uid_t user, gid_t group, struct ct_err *err)
{
	for (size_t i = 0; user != 0 && i < container->mount_count; i++) {
		const struct container_mount *mount = &container->mounts[i];

		if (mount->unowned && chown(mount->target, user, group) < 0)
			return ct_fail_errno(err, "R003", "cannot give the volume '%s' to its user", mount->target);
	}
	return 0;
}
