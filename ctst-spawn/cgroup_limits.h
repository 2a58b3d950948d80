/*
 * What a container may use at most, in the files of its cgroup (Documentation/admin-guide/cgroup-v2.rst): memory.max and
 * no swap, cpu.weight, cpu.max, pids.max, io.weight. They are written before anything runs in the group.
 *
 * A limit that the composition asks for and that cannot be enforced is an error. The one that every container has without
 * being asked for, CONTAINER_PIDS, is set where the controller is at hand; elsewhere RLIMIT_NPROC stands in (payload.h).
 */
#ifndef CTST_SPAWN_CGROUP_LIMITS_H
#define CTST_SPAWN_CGROUP_LIMITS_H

#include <stdbool.h>

#include "common/err.h"
#include "ctst-spawn/container.h"

#define LIMITS_TEXT 64 /* bytes of a text that names all limits */

/* The name of a property that asks for a limit; NULL when none does. */
const char *limits_first(const struct container *container);

/* The properties that ask for limits, as "'memory', 'cpu'". */
void limits_name(const struct container *container, char text[LIMITS_TEXT]);

/*
 * Writes the limits into the open `group`, a child of the group at the path `base`, which hands down the controllers for
 * them. With `unlimited` what cannot be enforced is left out, and named there. -1: R002.
 */
int limits_apply(const struct container *container, const char *base, int group, char unlimited[LIMITS_TEXT],
		 struct ct_err *err);

/* What to do about a limit that cannot be enforced, as the hint of an error. Returns -1. */
int limits_hint(const char *property, struct ct_err *err);

#endif
