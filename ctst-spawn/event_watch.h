/*
 * Waiting for a project's events: for changes in the directory of its state, and until there is one, for that to come
 * into being. Nothing is done at intervals.
 */
#ifndef CTST_SPAWN_EVENT_WATCH_H
#define CTST_SPAWN_EVENT_WATCH_H

#include <stdint.h>

#include "common/err.h"
#include "common/project.h"

struct event_watch {
	const struct ct_project *project; /* not owned */
	char *state;                      /* owned: the directory with the events */
	int inotify;
};

/* From here on no change is missed. -1: no inotify instance can be had. */
int event_watch_open(struct event_watch *watch, const struct ct_project *project, struct ct_err *err);

enum event_wait {
	EVENT_WAIT_FAILED = -1,
	EVENT_WAIT_CHANGED,
	EVENT_WAIT_TIME,   /* it is `until` */
	EVENT_WAIT_CLOSED, /* nobody reads standard output any more */
};

/* Waits; until: a ct_now() time, 0: for ever. */
enum event_wait event_watch_wait(struct event_watch *watch, int64_t until, struct ct_err *err);

void event_watch_close(struct event_watch *watch);

#endif
