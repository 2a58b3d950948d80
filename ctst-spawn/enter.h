/* Into a running container, from outside: what ctst-exec and health checks have in common. */
#ifndef CTST_SPAWN_ENTER_H
#define CTST_SPAWN_ENTER_H

#include "common/err.h"

/*
 * Joins the namespaces, descriptors in the order of SUPERVISE_NAMESPACES; the pid namespace is that of children only
 * (setns(2)). The cgroup namespace is made anew, so this process must be in its group already. From here on nothing
 * of the host is in reach, and this process must not be in the container's reach: it is not dumpable. The caller has left
 * its caller's session keyring (keyring.h). `name` is the container's, for messages. -1: R008.
 */
int enter_container(const int *namespaces, const char *name, struct ct_err *err);

/* Root of the user namespace that this process is in, without groups where that is permitted. -1: R001. */
int become_container_root(struct ct_err *err);

/*
 * From now on this process is killed when its parent dies, which holds the other end of the socket; it exits at once
 * when that has happened already. To be called after the ids have changed: that clears it (prctl(2)).
 * Not dumpable again either: nothing in the container can trace it or reach its executable through /proc (proc(5)).
 */
void die_with_peer(int socket);

#endif
