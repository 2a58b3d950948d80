/*
 * The container's file tree, made inside its mount namespace, so that nothing of
 * it is visible outside and all of it goes when the last process goes.
 *
 * A small tmpfs is the working place (the current directory while it is built):
 *
 *	skeleton/   what every container has and no image decides: mount points,
 *	            device nodes' places, /etc/hosts, /etc/hostname, /etc/resolv.conf
 *	0, 1, …     the image's layers, id-mapped and read-only
 *	writable/   upper and work directory when the root is not read-only
 *	root/       OverlayFS: skeleton over the layers. This becomes /
 *
 * The image is hostile: every path inside it is resolved beneath root/
 * (openat2(2), RESOLVE_IN_ROOT), and what the skeleton has, the image cannot redirect.
 */
#ifndef CTST_SPAWN_ROOTFS_H
#define CTST_SPAWN_ROOTFS_H

#include <sys/types.h>

#include "common/err.h"
#include "ctst-spawn/container.h"
#include "ctst-spawn/network/files.h"

struct rootfs {
	const struct container *container;
	const int *layers; /* detached trees, see identity_open_tree() */
	const int *mounts; /* likewise, one per container->mounts */
	int writable;      /* the tree with upper/ and work/; -1 when the root is read-only */
};

/*
 * What needs nothing of the image: the working place, mounted over the directory `place` (an
 * O_PATH descriptor), with the skeleton in it. Errors: R003.
 */
int rootfs_prepare(int place, const char *hostname, const struct network_files *files, struct ct_err *err);

/* The rest, after rootfs_prepare(); it becomes the root directory of this process. Errors: R003. */
int rootfs_enter(const struct rootfs *rootfs, struct ct_err *err);

/* The parts, in the order rootfs_enter() takes them. The current directory is the working place. */
int skeleton_make(const char *hostname, const struct network_files *files, struct ct_err *err);
int skeleton_add_mount_points(const struct rootfs *rootfs, int root, bool *added, struct ct_err *err);
int overlay_mount(const struct rootfs *rootfs, struct ct_err *err);
int kernel_mounts(struct ct_err *err);
int volumes_mount(const struct rootfs *rootfs, struct ct_err *err);

/* Called in the container's root: new volumes that nobody owns become the user's. -1: R003. */
int volumes_give(const struct container *container, uid_t user, gid_t group, struct ct_err *err);

/*
 * Where a descriptor of the tree at `root` really lies, from there: "/usr/lib" for a path that led through symlinks, ""
 * for the root itself. -1 with errno: EXDEV when it lies elsewhere.
 */
int rootfs_real_path(int root, int fd, char *path, size_t size);

/* A mount whose place is made when it is used, since it lies in one of the container's own tmpfs. */
bool is_below_tmpfs(const char *target);

#endif
