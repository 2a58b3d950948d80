/*
 * The container's cgroup (cgroup v2, Documentation/admin-guide/cgroup-v2.rst).
 *
 * The cgroup2 file system is wherever mountinfo says. A container's group is
 * `<base>/containust-<id>-<inode>`, the inode being that of the container's directory: a
 * copy of a project has the same ids, but its containers are others. Base is the root of
 * the mount for root and the caller's own group otherwise. There is no directory of ours above it, so none
 * has to be made and removed for the first and the last container. Groups of others are never touched.
 */
#ifndef CTST_SPAWN_CGROUP_H
#define CTST_SPAWN_CGROUP_H

#include <limits.h>
#include <stdbool.h>

#include "common/err.h"
#include "ctst-spawn/cgroup_limits.h"
#include "ctst-spawn/container.h"

/* Where the cgroup2 file system is mounted. false: nowhere. */
bool cgroup_find_mount(char *path, size_t size);

/*
 * A group with controllers for its children must not have processes itself ("no internal processes" in the kernel's
 * document), and without root the callers' own group is the only one there is: then its processes move into this one
 * below it, where they stay. Whoever runs in it counts its parent as its own.
 */
#define CGROUP_CALLERS "containust-callers"

/* What the groups of health checks begin with; each is below its container's. */
#define CGROUP_PROBE "probe-"

/* The group in which this user's containers get theirs. NULL when there is no cgroup2 mount. */
const char *cgroup_base(void);

/*
 * The path that the group of the container in `directory` has or would have. false when there is no cgroup2 mount
 * or no such directory.
 */
bool cgroup_path(const char *directory, char *path, size_t size);

/*
 * Creates the group, with the container's limits (cgroup_limits.h), and opens it. *fd is -1 and the path "" where groups
 * cannot be made (no cgroup2, not permitted); that is an error only for a container with limits, and with `unlimited`
 * not even then: it gets the names of the limits that are not enforced, as text for people, "" when there are none.
 * -1: R002.
 */
int cgroup_create(const struct container *container, const char *directory, char *path, size_t size, int *fd,
		  char unlimited[LIMITS_TEXT], struct ct_err *err);

/*
 * Kills everything in the group and in those of health checks below it, waits until it is empty and removes it. A missing group is success.
 * -1 with errno when it did not become empty within two seconds.
 */
int cgroup_remove(const char *path);

/* How many processes of the group were killed since its memory limit was reached (memory.events). 0 where nobody counts. */
int64_t cgroup_oom_kills(int group);

/* SIGKILL to all processes of the group at once (cgroup.kill). -1 with errno. */
int cgroup_kill(const char *path);

#endif
