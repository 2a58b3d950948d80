/*
 * Landlock (landlock(7)): what a container may do to files, decided a second time and independently of the mounts. Files
 * are read beneath the container's root directory only, however a process got hold of another directory, and written
 * only where the component has said. Mounts cannot be changed. No process inside can take it off.
 */
#ifndef CTST_SPAWN_CONFINE_LANDLOCK_H
#define CTST_SPAWN_CONFINE_LANDLOCK_H

#include <stdbool.h>

#include "ctst-spawn/container.h"

/*
 * The rules for a process of the container, whose root directory is the present one; made while it may still enter every
 * directory. `joins`: it is a command beside the container's own processes (ctst-exec, a health check).
 * Returns a descriptor; LANDLOCK_NONE where the kernel has no Landlock or the component has a capability that it would
 * take away again. Allocates nothing. -1 with errno.
 */
#define LANDLOCK_NONE (-2)
int landlock_prepare(const struct container *container, bool joins);

/* Puts this thread, and all it will execute, under the rules. The caller has set PR_SET_NO_NEW_PRIVS. -1 with errno. */
int landlock_enter(int rules);

/* What the rules are about that the container's command is under. */
struct landlock_domain {
	int version; /* of the kernel's interface; 0: it has no Landlock */
	bool files;
	bool signals; /* and abstract sockets */
};

struct landlock_domain landlock_domain(const struct container *container);

/* The version of Landlock's interface that this kernel has; 0: none. */
int landlock_version(void);

#endif
