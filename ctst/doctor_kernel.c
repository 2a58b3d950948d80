/* The kernel itself: its version, namespaces, and the calls that the tools make. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/confine/landlock.h"
#include "ctst-spawn/identity.h"
#include "ctst/doctor.h"
#include "ctst/trial.h"

/* clone3, pidfds, openat2 and id-mapped mounts are all there from here on; cgroup.kill since 5.14. */
#define OLDEST_MAJOR 5
#define OLDEST_MINOR 12
#define NOBODY 65534

static enum finding kernel(const struct check *check, struct ct_buf *detail)
{
	struct utsname name;
	int major = 0, minor = 0;

	(void)check;
	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) {
		ct_buf_puts(detail, "its version cannot be read");
		return FINDING_WARNING;
	}
	ct_buf_printf(detail, "Linux %s, %s", name.release, name.machine);
	if (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR))
		return FINDING_OK;
	ct_buf_printf(detail, "; %d.%d or newer is needed", OLDEST_MAJOR, OLDEST_MINOR);
	return FINDING_MISSING;
}

/* The number in a file of /proc/sys; -1 when there is none. */
static long sysctl_number(const char *path)
{
	ct_autobuf text = CT_BUF_INIT;

	if (ct_read_file_at(AT_FDCWD, path, 4096, &text) < 0 || text.length == 0)
		return -1;
	return strtol(text.data, NULL, 10);
}

static void explain_user_namespaces(struct ct_buf *detail)
{
	if (sysctl_number("/proc/sys/user/max_user_namespaces") == 0)
		ct_buf_puts(detail, "; set the sysctl user.max_user_namespaces above 0");
	if (sysctl_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		ct_buf_puts(detail, "; set the sysctl kernel.unprivileged_userns_clone to 1");
	if (sysctl_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		ct_buf_puts(detail, "; AppArmor restricts them (sysctl kernel.apparmor_restrict_unprivileged_userns)");
}

static enum finding one_namespace(const struct check *check, struct ct_buf *detail)
{
	int failure = trial_in_namespaces(check->number & ~CLONE_NEWUSER, NULL, NULL);

	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "cannot be made: %s", strerror(failure));
	explain_user_namespaces(detail);
	return FINDING_MISSING;
}

static int become_nobody_and_unshare(const void *argument)
{
	(void)argument;
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -1;
	return unshare(CLONE_NEWUSER);
}

static enum finding unprivileged(const struct check *check, struct ct_buf *detail)
{
	bool root = identity_is_root();
	int failure = root ? trial(become_nobody_and_unshare, NULL) : trial_in_namespaces(0, NULL, NULL);

	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "not permitted: %s; only root can run containers", strerror(failure));
	explain_user_namespaces(detail);
	return root ? FINDING_WARNING : FINDING_MISSING;
}

static enum finding absent(struct ct_buf *detail, const char *since)
{
	ct_buf_printf(detail, "%s; %s", strerror(errno), since);
	return FINDING_MISSING;
}

static enum finding pidfd(const struct check *check, struct ct_buf *detail)
{
	ct_autoclose int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) < 0)
		return absent(detail, "Linux 5.3 has them");
	ct_buf_puts(detail, check->use);
	return FINDING_OK;
}

static enum finding safe_paths(const struct check *check, struct ct_buf *detail)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	ct_autoclose int fd = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));

	if (fd < 0)
		return absent(detail, "Linux 5.6 has it");
	ct_buf_puts(detail, check->use);
	return FINDING_OK;
}

static enum finding seccomp(const struct check *check, struct ct_buf *detail)
{
	unsigned action = SECCOMP_RET_ERRNO;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "%s; components start with seccomp = \"unconfined\" only", strerror(errno));
	return FINDING_MISSING;
}

/* Version 1 would forbid programs to move a file to another directory, so it is not used. */
static enum finding landlock(const struct check *check, struct ct_buf *detail)
{
	int version = landlock_version();

	if (version == 0)
		ct_buf_puts(detail, "not in this kernel, or switched off");
	else
		ct_buf_printf(detail, "ABI %d", version);
	if (version < 2) {
		ct_buf_puts(detail,
			    "; what containers may do to files is up to their mounts alone (Linux 5.19 has it)");
		return FINDING_WARNING;
	}
	ct_buf_printf(detail, ": %s%s", check->use,
		      version >= 6 ? "" : "; not their signals and abstract sockets (Linux 6.12)");
	return FINDING_OK;
}

static enum finding btf(const struct check *check, struct ct_buf *detail)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_puts(detail, "no /sys/kernel/btf/vmlinux: tracing will not work");
	return FINDING_WARNING;
}

const struct check doctor_kernel_checks[] = {
	{ "kernel", kernel },
	{ "user namespace", one_namespace, .number = CLONE_NEWUSER, .use = "root of a container is nobody outside" },
	{ "pid namespace", one_namespace, .number = CLONE_NEWPID, .use = "own processes only" },
	{ "mount namespace", one_namespace, .number = CLONE_NEWNS, .use = "own file system tree" },
	{ "network namespace", one_namespace, .number = CLONE_NEWNET, .use = "own interfaces and addresses" },
	{ "ipc namespace", one_namespace, .number = CLONE_NEWIPC, .use = "own shared memory and queues" },
	{ "uts namespace", one_namespace, .number = CLONE_NEWUTS, .use = "own host name" },
	{ "cgroup namespace", one_namespace, .number = CLONE_NEWCGROUP, .use = "the host's groups are not visible" },
	{ "unprivileged users", unprivileged, .use = "containers can run without root" },
	{ "pidfd", pidfd, .use = "a recycled pid is never signalled" },
	{ "openat2", safe_paths, .use = "paths in an image cannot leave it" },
	{ "seccomp", seccomp, .use = "containers make the system calls of a list only" },
	{ "landlock", landlock, .use = "containers are confined a second time" },
	{ "btf", btf, .use = "kernel types for tracing" },
	{ 0 },
};
