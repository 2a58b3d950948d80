/* What the kernel shows inside a container: /proc, /sys, /dev, and what of them is hidden or read-only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/rootfs.h"

#define MOST_PROCESSORS 8192 /* the kernel's own bound, NR_CPUS */

static const struct {
	const char *source, *target, *type, *options;
	unsigned long flags;
	bool optional; /* the container works without it */
} mounts[] = {
	{ "proc", "root/proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "sysfs", "root/sys", "sysfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, false },
	{ "cgroup2", "root/sys/fs/cgroup", "cgroup2", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, true },
	{ "devpts", "root/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620", MS_NOSUID | MS_NOEXEC, false },
	{ "shm", "root/dev/shm", "tmpfs", "mode=1777,size=64m", MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "mqueue", "root/dev/mqueue", "mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "tmpfs", "root/tmp", "tmpfs", "mode=1777,size=64m", MS_NOSUID | MS_NODEV, false },
	{ "tmpfs", "root/run", "tmpfs", "mode=0755,size=16m", MS_NOSUID | MS_NODEV, false },
};

/* linux/major.h and mem(4), tty(4): a host that is a container itself may have put anything there. */
static const struct {
	const char *name;
	unsigned major, minor;
} devices[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

/* Hidden: what crun, podman and docker hide, all of it. Most need capabilities anyway; together with the user namespace this is the second wall. */
static const char *const masked[] = {
	"root/proc/acpi",       "root/proc/asound",        "root/proc/interrupts",  "root/proc/kcore",
	"root/proc/keys",       "root/proc/latency_stats", "root/proc/sched_debug", "root/proc/scsi",
	"root/proc/timer_list", "root/proc/timer_stats",   "root/sys/dev/block",    "root/sys/devices/virtual/powercap",
	"root/sys/firmware",    "root/sys/fs/selinux",
};

static const char *const readonly[] = {
	"root/proc/bus", "root/proc/fs", "root/proc/irq", "root/proc/sys", "root/proc/sysrq-trigger",
};

/*
 * A sysfs belongs to a network namespace, and the host's is not the container's to mount: a container on the host's
 * network has the host's own, read-only, with all that is mounted in it.
 */
static int share_sysfs(void)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						     MOUNT_ATTR_NOEXEC };
	ct_autoclose int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/sys",
					     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	return tree >= 0 &&
			       syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
				       sizeof(attributes)) == 0 &&
			       syscall(SYS_move_mount, tree, "", AT_FDCWD, "root/sys", MOVE_MOUNT_F_EMPTY_PATH) == 0
		       ? 0
		       : -1;
}

static int mount_kernel_file_systems(struct ct_err *err)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (mount(mounts[i].source, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].options) ==
			    0 ||
		    mounts[i].optional)
			continue;
		if (errno == EPERM && strcmp(mounts[i].type, "sysfs") == 0 && share_sysfs() == 0)
			continue;
		ct_fail_errno(err, "R003", "cannot mount '%s' on '%s'", mounts[i].type,
			      mounts[i].target + strlen("root"));
		return ct_err_hint(err, "inside another container, that one must show the whole of /proc and /sys");
	}
	return 0;
}

static int bind_device(const char *source, dev_t device, const char *target, struct ct_err *err)
{
	struct stat status;

	if (lstat(source, &status) < 0)
		return ct_fail_errno(err, "R003", "cannot look at '%s'", source);
	if (!S_ISCHR(status.st_mode) || status.st_rdev != device) {
		ct_fail(err, "R003", "'%s' of this host is not the device that every container gets by this name",
			source);
		return ct_err_hint(err, "'ls -l %s' should show a character device with the numbers %u, %u", source,
				   major(device), minor(device));
	}
	if (mount(source, target, NULL, MS_BIND, NULL) < 0)
		return ct_fail_errno(err, "R003", "cannot put '%s' into the container", source);
	return 0;
}

static int bind_devices(struct ct_err *err)
{
	char source[32], target[48];

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		snprintf(source, sizeof(source), "/dev/%s", devices[i].name);
		snprintf(target, sizeof(target), "root/dev/%s", devices[i].name);
		if (bind_device(source, makedev(devices[i].major, devices[i].minor), target, err) < 0)
			return -1;
	}
	return 0;
}

static int make_readonly(const char *path)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						     MOUNT_ATTR_NOEXEC };

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &attributes, sizeof(attributes));
}

/* Read-only by itself, and so is every mount that is made of it: one call less for each directory that is hidden. */
static int make_empty_directory(void)
{
	if (mkdir("empty", 0555) < 0 || mount("empty", "empty", NULL, MS_BIND, NULL) < 0)
		return -1;
	return make_readonly("empty");
}

/* A hidden file becomes the null device, a hidden directory the empty one. */
static int hide(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT ? 0 : -1;
	return mount(S_ISDIR(status.st_mode) ? "empty" : "/dev/null", path, NULL, MS_BIND, NULL);
}

/* How hot each processor is tells what others do on it; one directory for each, where the hardware has it. */
static int hide_throttling(void)
{
	char path[80];

	for (int cpu = 0; cpu < MOST_PROCESSORS; cpu++) {
		struct stat status;

		snprintf(path, sizeof(path), "root/sys/devices/system/cpu/cpu%d", cpu);
		if (stat(path, &status) < 0)
			return errno == ENOENT ? 0 : -1;
		snprintf(path, sizeof(path), "root/sys/devices/system/cpu/cpu%d/thermal_throttle", cpu);
		if (stat(path, &status) < 0 && cpu == 0)
			return errno == ENOENT ? 0 : -1;
		if (hide(path) < 0)
			return -1;
	}
	return 0;
}

static int protect(const char *path)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno == ENOENT ? 0 : -1;
	return make_readonly(path);
}

int kernel_mounts(struct ct_err *err)
{
	if (mount_kernel_file_systems(err) < 0 || bind_devices(err) < 0)
		return -1;
	if (make_empty_directory() < 0)
		return ct_fail_errno(err, "R003", "cannot create an empty directory");
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		if (hide(masked[i]) < 0)
			return ct_fail_errno(err, "R003", "cannot hide '%s'", masked[i] + strlen("root"));
	}
	if (hide_throttling() < 0)
		return ct_fail_errno(err, "R003", "cannot hide the processors' thermal_throttle");
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++) {
		if (protect(readonly[i]) < 0)
			return ct_fail_errno(err, "R003", "cannot make '%s' read-only", readonly[i] + strlen("root"));
	}
	return 0;
}
