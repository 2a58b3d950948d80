/*
 * Waiting for more to read in the logs of containers that live: a change in a container's directory, or the end of
 * its supervisor, after which nothing comes any more.
 */
#ifndef CTST_SPAWN_LOG_WATCH_H
#define CTST_SPAWN_LOG_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* One container. */
struct log_watched {
	const char *directory; /* not owned */
	int supervisor;        /* pidfd, owned; -1: has ended */
	bool coming;           /* is not there yet */
	bool changed;          /* there may be more to read */
};

struct log_watch {
	struct log_watched *watched; /* not owned */
	size_t count;
	size_t living;
	struct pollfd *polls; /* for each container its supervisor; behind them inotify, `starter`, standard output */
	int starter;          /* says when more have come, and ends when no more will; -1: none. Not owned */
	bool look;            /* it has said so, or something has happened in the project */
	const char
		*project;  /* its directory of the state, which tells what happens in it; NULL: no matter. Not owned */
	int project_watch; /* inotify's descriptor of that; -1 */
	int inotify;       /* -1: not yet */
	bool incomplete;   /* not every directory could be watched: looked at from time to time */
	int rounds;
	size_t *containers; /* by inotify's descriptor of the watch */
	size_t size;        /* of `containers` */
};

void log_watch_init(struct log_watch *watch, struct log_watched *watched, size_t count, int starter,
		    const char *project);

/* The container has come, or another one in its place, or it runs again: its `supervisor` is set. */
void log_watch_add(struct log_watch *watch, size_t index);

/*
 * Waits until something has changed, or `until`, a ct_now() time (0: for ever; in the past: only looks). Sets `changed`
 * of the containers concerned, and closes `supervisor` of those that have ended. When nobody reads standard output any more
 * it ends the process with SIGPIPE. -1: that was ignored, or poll(2) has failed.
 */
int log_watch_wait(struct log_watch *watch, int64_t until, struct ct_err *err);

void log_watch_release(struct log_watch *watch);

#endif
