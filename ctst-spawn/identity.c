#include "ctst-spawn/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"
#include "ctst-spawn/mount_type.h"

/* systemd's UIDS-GIDS document, "container UIDs". */
#define BLOCK_FIRST UINT32_C(524288)
#define BLOCK_COUNT (UINT32_C(1879048192) - BLOCK_FIRST)

#define OWNER "containust" /* whose subordinate ids root's containers take */
#define CLAIMS "/run/containust/ids"

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

bool identity_is_root(void)
{
	return geteuid() == 0 && in_initial_namespace();
}

/* Open file description locks on single bytes: the kernel drops them with their last descriptor (fcntl(2)). */
static int open_claims(void)
{
	if (mkdir("/run/containust", 0700) < 0 && errno != EEXIST)
		return -1;
	return open(CLAIMS, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Byte n stands for the host's user id n. Without a file to lock everything is free. */
static bool claim(int claims, uint32_t first)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = IDENTITY_IDS };

	return claims < 0 || fcntl(claims, F_OFD_SETLK, &lock) == 0;
}

/* What root's containers may have, and what of it is somebody's. */
struct supply {
	struct id_range users, groups;
	struct ct_buf taken_users, taken_groups; /* texts of the two files */
};

static void find_supply(struct supply *supply)
{
	struct ct_buf *users = &supply->taken_users, *groups = &supply->taken_groups;

	subordinate_read(SUBORDINATE_USERS, users);
	subordinate_read(SUBORDINATE_GROUPS, groups);
	if (subordinate_find(users->data, OWNER, (uid_t)-1, IDENTITY_IDS, &supply->users) &&
	    subordinate_find(groups->data, OWNER, (uid_t)-1, IDENTITY_IDS, &supply->groups)) {
		/* They are given for this. */
		ct_buf_clear(users);
		ct_buf_clear(groups);
		ct_buf_puts(users, "");
		ct_buf_puts(groups, "");
		return;
	}
	supply->users = supply->groups = (struct id_range){ BLOCK_FIRST, BLOCK_COUNT };
}

static int choose_range(const char *id, const struct supply *supply, int claims, struct identity *identity,
			struct ct_err *err)
{
	uint32_t count = supply->users.count < supply->groups.count ? supply->users.count : supply->groups.count;
	uint32_t slots = count / IDENTITY_IDS;
	uint32_t begin = (uint32_t)(strtoul(id, NULL, 16) % slots);

	for (uint32_t i = 0; i < slots; i++) {
		uint32_t offset = (begin + i) % slots * IDENTITY_IDS;

		identity->users = (struct id_range){ supply->users.first + offset, IDENTITY_IDS };
		identity->groups = (struct id_range){ supply->groups.first + offset, IDENTITY_IDS };
		if (!subordinate_overlaps(supply->taken_users.data, &identity->users) &&
		    !subordinate_overlaps(supply->taken_groups.data, &identity->groups) &&
		    claim(claims, identity->users.first))
			return 0;
	}
	ct_fail(err, "R001", "no range of %u user ids is free for the container", IDENTITY_IDS);
	return ct_err_hint(err, "give the user '" OWNER "' more in " SUBORDINATE_USERS " and " SUBORDINATE_GROUPS
				", or stop containers");
}

/* The caller's own: read each time, as they may change between two containers. */
static bool find_subordinate(struct identity *identity)
{
	ct_autobuf users = CT_BUF_INIT, groups = CT_BUF_INIT;
	struct passwd *account;
	const char *name;

	if (geteuid() == 0 || !subordinate_can_map())
		return false;
	account = getpwuid(geteuid());
	name = account ? account->pw_name : NULL;
	subordinate_read(SUBORDINATE_USERS, &users);
	subordinate_read(SUBORDINATE_GROUPS, &groups);
	if (!subordinate_find(users.data, name, geteuid(), IDENTITY_IDS - 1, &identity->users) ||
	    !subordinate_find(groups.data, name, geteuid(), IDENTITY_IDS - 1, &identity->groups))
		return false;
	identity->users.count = identity->groups.count = IDENTITY_IDS - 1;
	return true;
}

int identity_choose(const char *id, struct identity *identity, int *claim, struct ct_err *err)
{
	struct supply supply = { .taken_users = CT_BUF_INIT, .taken_groups = CT_BUF_INIT };
	ct_autoclose int claims = -1;
	int status;

	*identity = (struct identity){ .kind = IDENTITY_CALLER };
	*claim = -1;
	if (!identity_is_root()) {
		if (find_subordinate(identity))
			identity->kind = IDENTITY_SUBORDINATE;
		return 0;
	}
	identity->kind = IDENTITY_RANGE;
	find_supply(&supply);
	claims = open_claims();
	status = choose_range(id, &supply, claims, identity, err);
	ct_buf_free(&supply.taken_users);
	ct_buf_free(&supply.taken_groups);
	if (status == 0)
		*claim = ct_take_fd(&claims);
	return status;
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

static int map_range(const struct identity *identity, pid_t pid, struct ct_err *err)
{
	char users[64], groups[64];

	if (identity->kind == IDENTITY_RANGE) {
		snprintf(users, sizeof(users), "0 %u %u\n", identity->users.first, identity->users.count);
		snprintf(groups, sizeof(groups), "0 %u %u\n", identity->groups.first, identity->groups.count);
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

/* Within the project's own user namespace (network/place.h) no help is needed, and the mappers are not setuid there. */
static bool map_subordinate(const struct identity *identity, pid_t pid)
{
	char users[96], groups[96];

	snprintf(users, sizeof(users), "0 %u 1\n1 %u %u\n", (unsigned)geteuid(), identity->users.first,
		 identity->users.count);
	snprintf(groups, sizeof(groups), "0 %u 1\n1 %u %u\n", (unsigned)getegid(), identity->groups.first,
		 identity->groups.count);
	return write_proc(pid, "uid_map", users) == 0 && write_proc(pid, "gid_map", groups) == 0;
}

int identity_map(const struct identity *identity, pid_t pid, struct ct_err *err)
{
	if (identity->kind != IDENTITY_SUBORDINATE)
		return map_range(identity, pid, err);
	if (map_subordinate(identity, pid))
		return 0;
	return subordinate_map(pid, false, &identity->users, &identity->groups, err);
}

int identity_map_same(const struct identity *identity, pid_t pid, struct ct_err *err)
{
	char users[64], groups[64];

	if (identity->kind == IDENTITY_SUBORDINATE)
		return subordinate_map(pid, true, &identity->users, &identity->groups, err);
	snprintf(users, sizeof(users), "%u %u 1\n", (unsigned)geteuid(), (unsigned)geteuid());
	snprintf(groups, sizeof(groups), "%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());
	if ((write_proc(pid, "setgroups", "deny") < 0 && errno != ENOENT) || write_proc(pid, "uid_map", users) < 0 ||
	    write_proc(pid, "gid_map", groups) < 0)
		return ct_fail_errno(err, "R001", "cannot write the id maps of the project's user namespace");
	return 0;
}

/* In the child: 0 or an errno. `ready` tells the parent that the namespace is there, `go` says that it has ids. */
static int call_inside(int ready, int go, int (*function)(const void *), const void *argument)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER) < 0 || write(ready, &byte, 1) != 1)
		return errno;
	if (read(go, &byte, 1) != 1)
		return EPERM;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return errno;
	return function(argument) < 0 ? errno : 0;
}

int identity_call(const struct identity *identity, int (*function)(const void *), const void *argument)
{
	ct_autoclose int inside = -1, outside = -1;
	struct ct_err ignored = CT_ERR_INIT;
	int ends[2], failure;
	char byte = 0;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	inside = ends[0];
	outside = ends[1];
	child = fork();
	if (child < 0)
		return -1;
	if (child == 0) {
		close(outside);
		_exit(call_inside(inside, inside, function, argument));
	}
	close(ct_take_fd(&inside));
	if (read(outside, &byte, 1) == 1 && identity_map(identity, child, &ignored) == 0)
		(void)!write(outside, &byte, 1);
	close(ct_take_fd(&outside));
	failure = ct_process_wait(child);
	errno = failure;
	return failure ? -1 : 0;
}

/* Which of the mounts it was is not told by the call that asks for all of them. */
static int cannot_map(int place, const char *path, int userns, struct ct_err *err)
{
	char where[PATH_MAX], type[MOUNT_TYPE_SIZE];
	int failure = errno;

	if (failure == ENOSYS) {
		ct_fail(err, "R003", "cannot map the ids of '%s': this kernel has no id-mapped mounts", path);
		return ct_err_hint(err, "Linux 5.12 has them; without root none are needed (docs/rootless.md)");
	}
	if (!mount_without_ids(place, userns, where, sizeof(where), type, &failure)) {
		errno = failure;
		return ct_fail_errno(err, "R003", "cannot map the ids of '%s'", path);
	}
	ct_fail(err, "R003", "cannot map the ids of '%s': %s%s%s (%s) %s", path, where[0] ? "what is mounted on '" : "",
		where[0] ? where : "its file system", where[0] ? "'" : "", type,
		failure == EPERM ? "has mapped ids already" : "cannot do that");
	if (failure == EPERM)
		return ct_err_hint(err, "name the directory where that file system is mounted with its own ids");
	return ct_err_hint(err,
			   "ext4, xfs, btrfs and tmpfs can; 'ctst doctor' tries where the project is; without root "
			   "nothing has to be mapped (docs/rootless.md)");
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
		return userns >= 0 ? cannot_map(place, path, userns, err)
				   : ct_fail_errno(err, "R003", "cannot restrict the mount of '%s'", path);
	return ct_take_fd(&fd);
}
