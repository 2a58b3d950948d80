#include "ctst-spawn/enter.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ctst-spawn/supervise.h"

/* network = "host": whoever is in it already has no right to enter it from the container's user namespace, and no need. */
static bool is_own_network(int namespace)
{
	struct stat own, other;

	return stat("/proc/self/ns/net", &own) == 0 && fstat(namespace, &other) == 0 && own.st_ino == other.st_ino &&
	       own.st_dev == other.st_dev;
}

/* The user namespace is the first: it gives the right to enter the others. */
int enter_container(const int *namespaces, const char *name, struct ct_err *err)
{
	bool shared = is_own_network(namespaces[SUPERVISE_NETWORK_NAMESPACE]);

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return ct_fail_errno(err, "R008", "cannot close this process off");
	for (int i = 0; i < SUPERVISE_NAMESPACE_COUNT; i++) {
		if (shared && i == SUPERVISE_NETWORK_NAMESPACE)
			continue;
		if (setns(namespaces[i], 0) < 0)
			return ct_fail_errno(err, "R008", "cannot enter the namespaces of '%s'", name);
	}
	if (unshare(CLONE_NEWCGROUP) < 0)
		return ct_fail_errno(err, "R008", "cannot enter the namespaces of '%s'", name);
	return 0;
}

int become_container_root(struct ct_err *err)
{
	gid_t none = 0;

	if ((syscall(SYS_setgroups, 0, &none) < 0 && errno != EPERM) || syscall(SYS_setresgid, 0, 0, 0) < 0 ||
	    syscall(SYS_setresuid, 0, 0, 0) < 0)
		return ct_fail_errno(err, "R001", "cannot become root of the user namespace");
	return 0;
}

void die_with_peer(int socket)
{
	struct pollfd watch = { .fd = socket, .events = 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    (poll(&watch, 1, 0) > 0 && (watch.revents & (POLLHUP | POLLERR))))
		_exit(1);
}
