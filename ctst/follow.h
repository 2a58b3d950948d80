/* The foreground part of `ctst run`: the containers' output until the last has ended, and what Ctrl+C means meanwhile. */
#ifndef CTST_FOLLOW_H
#define CTST_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/* A tool that runs beside us. */
struct child {
	pid_t pid;  /* 0: none, or collected */
	int status; /* its exit status as a shell would say it; valid when collected */
};

struct following {
	const char *program;
	const char *directory; /* of the project */
	struct child logs;
	struct child stop;
	int requests; /* how often a stop was asked for */
};

/*
 * Runs `ctst-logs -f --prefix` while ctst-spawn still starts containers: `starting`, which the caller closes, is read
 * by it, says when there are more, and ends when there will be no more. -1: R004.
 */
int follow_start(struct following *following, int starting, struct ct_err *err);

/* After a SIGCHLD: whether the output has ended, and nobody can see what happens any more. */
bool follow_has_failed(struct following *following);

/* Ends what follow_start() has started: there is nothing to be shown. */
void follow_abandon(struct following *following);

/*
 * Runs `ctst-logs -f --prefix`, unless it runs already. The first SIGINT, SIGTERM or SIGHUP
 * runs `ctst-stop`, the second `ctst-stop --force`; the logs end by themselves when everything has
 * ended. When nobody reads the output any more, the containers are stopped as well.
 * `events` comes from events_open(shield).
 * Returns 0, or the exit status of the ctst-logs or ctst-stop that failed; -1: R004.
 */
int follow(struct following *following, int events, struct ct_err *err);

#endif
