/*
 * The system calls that a container may make (seccomp(2)): the list in seccomp.list, which is a filter since Containust
 * was built, or a filter that the component brings along.
 */
#ifndef CTST_SPAWN_CONFINE_SECCOMP_H
#define CTST_SPAWN_CONFINE_SECCOMP_H

#include "ctst-spawn/container.h"

/*
 * Puts this thread, and all it will execute, under the container's filter; capabilities that it keeps widen the list.
 * It cannot be taken off again. The caller has set PR_SET_NO_NEW_PRIVS. Allocates nothing. -1 with errno.
 */
int seccomp_load(const struct container *container);

#endif
