/* Keys of the caller's session must not be in a container's reach: session-keyring(7). */
#ifndef CTST_SPAWN_KEYRING_H
#define CTST_SPAWN_KEYRING_H

#include <errno.h>
#include <linux/keyctl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Gives this process, and what it will execute, a new empty session keyring. 0 also where the kernel has no keyrings. */
static inline int leave_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS ? -1 : 0;
}

#endif
