/* Starting a supervisor. */
#ifndef CTST_SPAWN_LAUNCH_H
#define CTST_SPAWN_LAUNCH_H

#include <sys/types.h>

#include "common/err.h"
#include "ctst-spawn/network/place.h"

/*
 * Executes ctst-supervise for the container directory at `path`. `directory` is the locked
 * descriptor of container_directory_create(), which the supervisor inherits, and so
 * are the namespaces of `place`; the caller closes its own copies. Returns the reading end of the report pipe, and the supervisor's pid,
 * which is a child's that is never waited for and so cannot be another's. -1: R004.
 */
int launch_supervisor(const char *path, int directory, const struct place *place, pid_t *pid, struct ct_err *err);

#endif
