/* The foreground part of `ctst run`: the containers' output until the last has ended, and what Ctrl+C means meanwhile. */
#ifndef CTST_FOLLOW_H
#define CTST_FOLLOW_H

#include "common/err.h"

/*
 * Runs `ctst-logs -f --prefix` on the project of `directory`. The first SIGINT, SIGTERM or SIGHUP
 * runs `ctst-stop`, the second `ctst-stop --force`; the logs end by themselves when everything has
 * ended. When nobody reads the output any more, the containers are stopped as well.
 * `events` comes from events_open(shield).
 * Returns 0, or the exit status of the ctst-logs or ctst-stop that failed; -1: R004.
 */
int follow(const char *program, const char *directory, int events, struct ct_err *err);

#endif
