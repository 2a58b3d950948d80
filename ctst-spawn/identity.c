#include "ctst-spawn/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"

/*
 * systemd-nspawn(1), --private-users=pick, uses the same block for the same purpose
 * (systemd's UIDS-GIDS document, "container UIDs"); useradd(8) gives out lower ones.
 */
#define LOWEST_BASE UINT32_C(524288)
#define HIGHEST_BASE UINT32_C(1878982656)
#define SLOTS ((HIGHEST_BASE - LOWEST_BASE) / IDENTITY_RANGE)

/* In the initial user namespace the map is the identity over all ids. */
static bool in_initial_namespace(void)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	unsigned inside, outside, count;

	if (fd < 0 || ct_read_all(fd, 65536, &text) < 0)
		return false;
	return sscanf(text.data, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 && outside == 0 &&
	       count == UINT32_MAX;
}

struct identity identity_choose(const char *id)
{
	struct identity identity = { .range = geteuid() == 0 && in_initial_namespace() };

	if (identity.range)
		identity.base = LOWEST_BASE + (uint32_t)(strtoul(id, NULL, 16) % SLOTS) * IDENTITY_RANGE;
	else
		identity.base = geteuid();
	return identity;
}

static int write_proc(pid_t pid, const char *name, const char *text)
{
	char path[64];
	ct_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* A map must arrive in one write (user_namespaces(7)). */
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

int identity_map(const struct identity *identity, pid_t pid, struct ct_err *err)
{
	char users[64], groups[64];

	if (identity->range) {
		snprintf(users, sizeof(users), "0 %u %u\n", identity->base, IDENTITY_RANGE);
		memcpy(groups, users, sizeof(groups));
	} else {
		snprintf(users, sizeof(users), "0 %u 1\n", (unsigned)geteuid());
		snprintf(groups, sizeof(groups), "0 %u 1\n", (unsigned)getegid());
		/* Without privilege a group map needs this first (user_namespaces(7)). */
		if (write_proc(pid, "setgroups", "deny") < 0 && errno != ENOENT)
			return ct_fail_errno(err, "R001", "cannot deny setgroups in the user namespace");
	}
	if (write_proc(pid, "uid_map", users) < 0 || write_proc(pid, "gid_map", groups) < 0)
		return ct_fail_errno(err, "R001", "cannot write the id maps of the user namespace");
	return 0;
}

static int cannot_map(const char *path, struct ct_err *err)
{
	int failure = errno;

	ct_fail_errno(err, "R003", "cannot map the ids of '%s'", path);
	if (failure == EINVAL || failure == ENOSYS || failure == EOPNOTSUPP)
		ct_err_hint(err, "its file system or this kernel has no id-mapped mounts (ext4, xfs, btrfs and Linux "
				 "5.12 have); "
				 "'ctst doctor' tells");
	return -1;
}

int identity_open_tree(int place, const char *path, bool readonly, int userns, struct ct_err *err)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (readonly ? MOUNT_ATTR_RDONLY : 0),
		/* What is mounted or unmounted later on either side stays there (mount_namespaces(7)). */
		.propagation = MS_PRIVATE,
	};
	ct_autoclose int fd = (int)syscall(SYS_open_tree, place, "",
					   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);

	if (fd < 0)
		return ct_fail_errno(err, "R003", "cannot open '%s'", path);
	if (userns >= 0) {
		attributes.attr_set |= MOUNT_ATTR_IDMAP;
		attributes.userns_fd = (uint64_t)userns;
	}
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
		return userns >= 0 ? cannot_map(path, err)
				   : ct_fail_errno(err, "R003", "cannot restrict the mount of '%s'", path);
	return ct_take_fd(&fd);
}
