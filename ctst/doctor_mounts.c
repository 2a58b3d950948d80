/* What a container's root file system is made with. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/mount_type.h"
#include "ctst/doctor.h"
#include "ctst/trial.h"

/* Two read-only layers over each other, as a container's root is; everything on a tmpfs that only this process sees. */
static int mount_overlay(const void *options)
{
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 || mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0)
		return -1;
	if (mkdir("/tmp/upper", 0755) < 0 || mkdir("/tmp/lower", 0755) < 0 || mkdir("/tmp/root", 0755) < 0)
		return -1;
	return mount("overlay", "/tmp/root", "overlay", MS_RDONLY, options);
}

static int overlay_as_root(const void *options)
{
	return unshare(CLONE_NEWNS) < 0 ? -1 : mount_overlay(options);
}

static enum finding overlay(const struct check *check, struct ct_buf *detail)
{
	int failure;

	if (geteuid() != 0) {
		ct_buf_puts(detail, "not tried without root; the next line counts");
		return FINDING_OK;
	}
	failure = trial(overlay_as_root, "lowerdir=/tmp/upper:/tmp/lower");
	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "cannot be mounted: %s; load or build the kernel's overlay module", strerror(failure));
	return FINDING_MISSING;
}

static enum finding overlay_in_namespace(const struct check *check, struct ct_buf *detail)
{
	int failure = trial_in_namespaces(CLONE_NEWNS, mount_overlay, "lowerdir=/tmp/upper:/tmp/lower,userxattr");

	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "cannot be mounted: %s; Linux 5.11 can, with the overlay module loaded",
		      strerror(failure));
	return geteuid() == 0 ? FINDING_WARNING : FINDING_MISSING;
}

/*
 * In the child: a user namespace that lasts until the other end of the pipe is closed, which happens at the latest
 * when the process at that end is gone. (A new user namespace clears PR_SET_PDEATHSIG.)
 */
static void hold_namespace(int ready, int end) __attribute__((noreturn));

static void hold_namespace(int ready, int end)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER) == 0 && write(ready, &byte, 1) == 1)
		(void)!read(end, &byte, 1);
	_exit(0);
}

struct attempt {
	struct identity identity;
	const char *directory;
};

/* As a container's layers are opened: with its ids on the host. What else is mounted below is nothing of theirs. */
static int map_place(const struct attempt *attempt, pid_t holder, struct ct_err *err)
{
	char path[64];
	ct_autoclose int userns = -1;
	ct_autoclose int place = open(attempt->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)holder);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	if (place < 0 || userns < 0 || identity_map(&attempt->identity, holder, err) < 0)
		return -1;
	errno = mount_try_ids(place, userns);
	return errno ? -1 : 0;
}

static int try_id_mapping(const void *attempt)
{
	struct ct_err ignored = CT_ERR_INIT;
	int ready[2], end[2];
	int result = -1, failure;
	pid_t holder;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0)
		return -1;
	holder = fork();
	if (holder == 0) {
		close(end[1]);
		hold_namespace(ready[1], end[0]);
	}
	close(ready[1]);
	if (holder > 0 && read(ready[0], &byte, 1) == 1)
		result = map_place(attempt, holder, &ignored);
	failure = errno;
	close(end[1]);
	if (holder > 0)
		(void)waitpid(holder, NULL, 0);
	errno = failure;
	return result;
}

/* false: what is missing is said. A store that is not there yet is made on the file system of the project. */
static bool can_be_mapped(const struct attempt *attempt, const char *whose, struct ct_buf *detail)
{
	ct_autoclose int place = open(attempt->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int failure = place < 0 && errno == ENOENT ? 0 : trial(try_id_mapping, attempt);
	char type[MOUNT_TYPE_SIZE];

	if (failure == 0)
		return true;
	ct_buf_printf(detail, "not on the file system of %s", whose);
	if (place >= 0 && mount_type(place, type))
		ct_buf_printf(detail, " (%s)", type);
	ct_buf_printf(
		detail,
		": %s; files of images are nobody's in containers then, and volumes cannot be mounted. ext4, xfs, "
		"btrfs and tmpfs have them, and without root none are needed",
		strerror(failure));
	return false;
}

static enum finding id_mapped(const struct check *check, struct ct_buf *detail)
{
	const char *store = getenv("CONTAINUST_IMAGE_STORE");
	struct ct_err ignored = CT_ERR_INIT;
	struct attempt attempt = { .directory = "." };
	ct_autoclose int claim = -1;

	if (identity_choose("0", &attempt.identity, &claim, &ignored) < 0 || attempt.identity.kind != IDENTITY_RANGE) {
		ct_buf_puts(detail, "only root can use them; see 'users' for what containers have without root");
		return FINDING_OK;
	}
	if (!can_be_mapped(&attempt, "this directory", detail))
		return FINDING_WARNING;
	if (store && store[0]) {
		attempt.directory = store;
		if (!can_be_mapped(&attempt, "CONTAINUST_IMAGE_STORE", detail))
			return FINDING_WARNING;
	}
	ct_buf_puts(detail, check->use);
	return FINDING_OK;
}

static int open_new_mount(const void *argument)
{
	ct_autoclose int fd = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	(void)argument;
	return fd < 0 ? -1 : 0;
}

static enum finding new_mount_calls(const struct check *check, struct ct_buf *detail)
{
	int failure = trial_in_namespaces(CLONE_NEWNS, open_new_mount, NULL);

	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "%s; Linux 5.2 has it", strerror(failure));
	return FINDING_MISSING;
}

const struct check doctor_mount_checks[] = {
	{ "overlayfs", overlay, .use = "layers become one root file system" },
	{ "overlayfs, rootless", overlay_in_namespace, .use = "the same in a user namespace" },
	{ "id-mapped mounts", id_mapped,
	  .use = "images need no change of owner, on the file system of this directory" },
	{ "fsopen", new_mount_calls, .use = "mounts are made without a path" },
	{ 0 },
};
