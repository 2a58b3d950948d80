#include "ctst-spawn/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"

/*
 * The directory it is mounted on is the container's own on the host: nothing outside this
 * mount namespace sees what lies on it here. It is reached by descriptor, since root of
 * the container may not walk there.
 */
static int enter_working_place(int directory, struct ct_err *err)
{
	ct_autoclose int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	ct_autoclose int place = -1;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "4m", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return ct_fail_errno(err, "R003", "cannot create a tmpfs");
	place = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (place < 0 ||
	    syscall(SYS_move_mount, place, "", directory, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ||
	    fchdir(place) < 0)
		return ct_fail_errno(err, "R003", "cannot mount a tmpfs to build the root file system in");
	return 0;
}

static int attach(int tree, const char *name, struct ct_err *err)
{
	if (mkdir(name, 0755) < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return ct_fail_errno(err, "R003", "cannot mount '%s' of the root file system", name);
	return 0;
}

static int attach_layers(const struct rootfs *rootfs, struct ct_err *err)
{
	char name[16];

	for (size_t i = 0; i < rootfs->container->layer_count; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		if (attach(rootfs->layers[i], name, err) < 0)
			return -1;
	}
	return rootfs->writable < 0 ? 0 : attach(rootfs->writable, "writable", err);
}

/* userxattr: in a user namespace whiteouts are told by user.* attributes (filesystems/overlayfs.rst). */
int overlay_mount(const struct rootfs *rootfs, struct ct_err *err)
{
	ct_autobuf options = CT_BUF_INIT;
	unsigned long flags = MS_NODEV | MS_NOSUID;

	ct_buf_puts(&options, "userxattr,lowerdir=skeleton");
	for (size_t i = rootfs->container->layer_count; i > 0; i--)
		ct_buf_printf(&options, ":%zu", i - 1);
	if (rootfs->writable >= 0)
		ct_buf_puts(&options, ",upperdir=writable/upper,workdir=writable/work");
	else
		flags |= MS_RDONLY;
	if (mount("overlay", "root", "overlay", flags, options.data) < 0) {
		bool upper = errno == EINVAL && rootfs->writable >= 0;

		ct_fail_errno(err, "R003", "cannot mount the root file system of '%s'", rootfs->container->image);
		if (upper)
			return ct_err_hint(err,
					   "changes ('readonly = false') need a project on ext4, xfs, btrfs or tmpfs");
		return ct_err_hint(
			err, "'ctst doctor' tells whether this kernel has OverlayFS in user namespaces (Linux 5.11)");
	}
	return 0;
}

/*
 * Most targets of volumes exist in the image. For one that does not, the overlay is
 * mounted a second time over a skeleton that has it: there is no upper directory to
 * make it in.
 */
static int add_mount_points(const struct rootfs *rootfs, struct ct_err *err)
{
	ct_autoclose int root = -1;
	bool added = false;

	if (rootfs->container->mount_count == 0)
		return 0;
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return ct_fail_errno(err, "R003", "cannot open the root file system");
	if (skeleton_add_mount_points(rootfs, root, &added, err) < 0)
		return -1;
	if (!added)
		return 0;
	if (umount2("root", MNT_DETACH) < 0)
		return ct_fail_errno(err, "R003", "cannot unmount the root file system");
	return overlay_mount(rootfs, err);
}

/* pivot_root(2), NOTES: with "." twice the old root lies on top of the new one and is taken off. */
static int pivot(struct ct_err *err)
{
	if (chdir("root") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0)
		return ct_fail_errno(err, "R003", "cannot change the root directory");
	return 0;
}

int rootfs_prepare(int place, const char *hostname, const struct network_files *files, struct ct_err *err)
{
	if (enter_working_place(place, err) < 0)
		return -1;
	return skeleton_make(hostname, files, err);
}

int rootfs_enter(const struct rootfs *rootfs, struct ct_err *err)
{
	if (attach_layers(rootfs, err) < 0 || overlay_mount(rootfs, err) < 0 || add_mount_points(rootfs, err) < 0 ||
	    kernel_mounts(err) < 0 || volumes_mount(rootfs, err) < 0)
		return -1;
	return pivot(err);
}
