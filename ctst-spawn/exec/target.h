/* The running container that ctst-exec enters, as its supervisor keeps it open (supervise.h). */
#ifndef CTST_SPAWN_EXEC_TARGET_H
#define CTST_SPAWN_EXEC_TARGET_H

#include "common/err.h"
#include "common/status.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/supervise.h"

/* Its descriptors live as long as the process. */
struct target {
	struct config config;
	struct ct_status status;
	int namespaces[SUPERVISE_NAMESPACE_COUNT];
	int environment; /* what payload_load() reads */
	int cgroup;      /* -1: the container has none */
};

/*
 * Finds the container by name or id in the project of `file` (NULL: the nearest one) and opens what belongs to its present
 * run. -1: R007 when it does not run, R002, R008, S001, S004, R005.
 */
int target_find(struct target *target, const char *file, const char *name, struct ct_err *err);

/* Whether its first process, and so its namespaces, are still alive. */
bool target_lives(const struct target *target);

/* R007: it ended while it was being entered. Always -1. */
int target_has_ended(const struct target *target, struct ct_err *err);

#endif
