/*
 * Who a container is on the host: the user namespace's id maps (user_namespaces(7))
 * and the id-mapped mounts that make an image's files fit them (mount_setattr(2)).
 *
 * Started by root of the initial user namespace, ids 0…65535 of a container are a
 * range of the host's that nobody else has: of the user `containust` in /etc/subuid and /etc/subgid when there is
 * one, else of the block that systemd-nspawn(1) uses for the same purpose, without what those files give to anybody.
 * A lock that lasts as long as the container keeps other containers of this host off the range.
 *
 * Started by anybody else, id 0 of the container is the caller. Where newuidmap(1) is installed and /etc/subuid and
 * /etc/subgid give the caller 65535 ids, those are 1…65535; elsewhere there are no other ids.
 */
#ifndef CTST_SPAWN_IDENTITY_H
#define CTST_SPAWN_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "ctst-spawn/subordinate_ids.h"

#define IDENTITY_IDS UINT32_C(65536) /* of every container, but those that have the caller only */

enum identity_kind {
	IDENTITY_RANGE,       /* a range, with id-mapped mounts; only root can have it */
	IDENTITY_SUBORDINATE, /* the caller, and a range that is the caller's */
	IDENTITY_CALLER,      /* the caller only */
};

struct identity {
	enum identity_kind kind;
	struct id_range users, groups; /* RANGE: from the container's 0 on; SUBORDINATE: from its 1 on */
};

/* Whether containers get the identity that only root can give them. */
bool identity_is_root(void);

/*
 * The identity for the container with this UUID. *claim is a descriptor that keeps its range from others as long as it
 * is open; -1 when there is no range or nowhere to put the lock (no /run). -1: R001.
 */
int identity_choose(const char *id, struct identity *identity, int *claim, struct ct_err *err);

/*
 * Writes the maps of the process `pid`, which is in a new user namespace below the caller's. That may also be one in
 * which identity_map_same() has made the ids available. -1: R001.
 */
int identity_map(const struct identity *identity, pid_t pid, struct ct_err *err);

/*
 * For a user namespace in between, which is no container's: all ids of the identity are the same inside as outside.
 * Not for IDENTITY_RANGE. -1: R001.
 */
int identity_map_same(const struct identity *identity, pid_t pid, struct ct_err *err);

/*
 * Calls the function as root of a user namespace with the identity's ids, in a child. For what files of the container's
 * ids need that the caller may not do. Returns what the function does; -1 with errno.
 */
int identity_call(const struct identity *identity, int (*function)(const void *), const void *argument);

/*
 * A private copy of the mount tree at `place` (an O_PATH descriptor; `path` names it in
 * messages), detached: with the ids of `userns`
 * (a namespace descriptor) when that is >= 0, and read-only when asked for. Its
 * descriptor can be put anywhere with move_mount(2). -1: R003.
 */
int identity_open_tree(int place, const char *path, bool readonly, int userns, struct ct_err *err);

#endif
