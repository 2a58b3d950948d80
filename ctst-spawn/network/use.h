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
 *
 * The bridges are in the host's network namespace, or in one of the project's own (place.h). Those are different networks that
 * may exist at the same time, while one takes the other's place; so the names of the latter have an ending.
 */
#ifndef CTST_SPAWN_NETWORK_USE_H
#define CTST_SPAWN_NETWORK_USE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/network_name.h"

enum use_where { USE_ON_HOST, USE_INSIDE, USE_OFFLINE };

#define USE_NAME_LENGTH (CT_BRIDGE_NAME_LENGTH + 8)

/* The name of the network's files, and of its lock for the functions below. */
void use_name(const char *state_file, const char *network, enum use_where where, char name[USE_NAME_LENGTH + 1]);

/* Opens the directory below `root` (a project's .containust). `create`: makes it when it is missing. -1 with errno. */
int use_open_directory(const char *root, bool create);

/* Locks the name as one of its users. Returns a descriptor; -1 with errno. */
int use_lock(int directory, const char *name);

/*
 * Gives the lock back, and takes the network away when that was the last one; its bridge too, when that is in the network
 * namespace of the caller (`here`), and not in one that goes by itself. The descriptor is closed.
 */
void use_unlock(int directory, const char *name, int lock, bool here);

/* Whether there is anything that nobody uses; of the host's, too (uplink.h). */
bool use_has_leftovers(const char *root);

/* Takes away what nobody uses. What cannot be taken away is left for the next command. */
void use_sweep(const char *root);

#endif
