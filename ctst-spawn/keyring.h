/* Keys of the caller's session must not be in a container's reach: session-keyring(7). */
#ifndef CTST_SPAWN_KEYRING_H
#define CTST_SPAWN_KEYRING_H

#include <errno.h>
#include <linux/keyctl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/err.h"

/*
 * Gives this process, and what it will execute, a new empty session keyring; done where the kernel has no keyrings. A
 * supervisor has one for its container and for what looks after that's health, each ctst-exec one of its own. -1 with `code`.
 */
static inline int leave_keyring(const char *code, struct ct_err *err)
{
	int failure;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS)
		return 0;
	failure = errno;
	ct_fail_errno(err, code, "cannot leave the caller's session keyring");
	return failure == EDQUOT
		       ? ct_err_hint(err, "the sysctl kernel.keys.maxkeys says how many keys a user has: one for "
					  "each container without root")
		       : -1;
}

#endif
