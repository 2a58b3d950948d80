/*
 * Who a container is on the host: the user namespace's id maps (user_namespaces(7))
 * and the id-mapped mounts that make an image's files fit them (mount_setattr(2)).
 *
 * Started by root of the initial user namespace, ids 0…65535 of a container are a
 * range of the host's that nobody else has, chosen by the container's id. Started by
 * anybody else, id 0 of the container is the caller and there are no other ids.
 */
#ifndef CTST_SPAWN_IDENTITY_H
#define CTST_SPAWN_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

#define IDENTITY_RANGE UINT32_C(65536)

struct identity {
	bool range;    /* a range of ids; false: the caller's only */
	uint32_t base; /* the host's id of the container's 0 */
};

/* `id` is the container's UUID. */
struct identity identity_choose(const char *id);

/* Writes the maps of the process `pid`, which is in a new user namespace. -1: R001. */
int identity_map(const struct identity *identity, pid_t pid, struct ct_err *err);

/*
 * A private copy of the mount tree at `place` (an O_PATH descriptor; `path` names it in
 * messages), detached: with the ids of `userns`
 * (a namespace descriptor) when that is >= 0, and read-only when asked for. Its
 * descriptor can be put anywhere with move_mount(2). -1: R003.
 */
int identity_open_tree(int place, const char *path, bool readonly, int userns, struct ct_err *err);

#endif
