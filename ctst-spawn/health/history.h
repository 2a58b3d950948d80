/* The last results of a container's health check, health.json in its directory (ctst-state(5)). */
#ifndef CTST_SPAWN_HEALTH_HISTORY_H
#define CTST_SPAWN_HEALTH_HISTORY_H

#include "ctst-spawn/health/probe.h"

#define HISTORY_FILE "health.json"
#define HISTORY_LENGTH 10

/*
 * Puts a result behind the others, of which the last ones are kept; not synced, since it is a note. -1 with errno;
 * the file is as it was.
 */
int history_add(int directory, const struct probe *probe, const struct probe_result *result);

#endif
