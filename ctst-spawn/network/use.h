/*
 * Who uses a project's networks, so that what they consist of on the host goes with their last user.
 *
 * In `<project>/.containust/networks/` there are, for each network, named like its bridge:
 *
 *	<bridge>.lock    locked (flock(2), shared) by whoever uses it: every supervisor with a container on it, as
 *	                 long as it lives, and ctst-spawn while it works. The kernel drops the lock with them.
 *	<bridge>.hosts   the names and addresses of its members (hosts.h)
 *
 * and the same for the rules of the whole index, under the name of a network that is called "". What nobody has
 * locked is taken away by the last user, or by the next command.
 */
#ifndef CTST_SPAWN_NETWORK_USE_H
#define CTST_SPAWN_NETWORK_USE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Opens the directory below `root` (a project's .containust). `create`: makes it when it is missing. -1 with errno. */
int use_open_directory(const char *root, bool create);

/* Locks the name as one of its users. Returns a descriptor; -1 with errno. */
int use_lock(int directory, const char *name);

/* Gives the lock back, and takes the network away when that was the last one. The descriptor is closed. */
void use_unlock(int directory, const char *name, int lock);

/* Whether there is anything that nobody uses. */
bool use_has_leftovers(const char *root);

/* Takes away what nobody uses. What cannot be taken away is left for the next command. */
void use_sweep(const char *root);

#endif
