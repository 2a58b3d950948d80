/* Ending containers: those that need another one end before it. */
#ifndef CTST_SPAWN_STOP_H
#define CTST_SPAWN_STOP_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/project.h"
#include "common/state.h"

/*
 * A pidfd of the container's supervisor; one that is just coming up is waited for. -1 with errno: ESRCH when none lives,
 * EMFILE and the like otherwise.
 */
int supervisor_open(const struct ct_state_entry *entry);

/* When a supervisor that was asked just now to stop within `seconds` is overdue: a ct_monotonic() time. */
int64_t supervisor_deadline(int seconds);

/* The error of one that was killed since it was overdue, and has still not ended when it is so once more. Returns -1. */
int supervisor_cannot_be_killed(const char *name, struct ct_err *err);

/* Asks the supervisor to stop its container, killing it after `seconds`. -1 with errno. */
int supervisor_stop(int pidfd, int seconds);

/*
 * Stops the containers and waits for all of them, each as soon as all that need it
 * have ended; containers that do not run are skipped. *stopped is the number of those
 * that did run. A supervisor that does not end a while after its time limit is killed,
 * and its container with it. One that cannot be reached, since its status is damaged, loses its container when `seconds`
 * is 0, and otherwise is left, after the others have been stopped. -1: R007.
 */
int stop_containers(const struct ct_state_entry *const *entries, size_t count, int seconds, size_t *stopped,
		    struct ct_err *err);

/* After that: whether the processes of all of them have ended, also where a supervisor had to be killed. -1: R007. */
int containers_have_ended(const struct ct_state_entry *const *entries, size_t count, struct ct_err *err);

/*
 * Ends whatever still runs of a container that was stopped or whose supervisor died, and removes its cgroup; its
 * directory stays. -1: R002, R007.
 */
int container_end(const struct ct_project *project, const char *id, struct ct_err *err);

/*
 * Removes all that is left of a container that was stopped or whose supervisor died:
 * processes, cgroup, directory. One whose supervisor does not come up in five seconds is left for the
 * next command. That it was removed becomes an event of the project. -1: R002, S003.
 */
int container_remove(const struct ct_project *project, const char *id, struct ct_err *err);

/* The event alone, for one whose directory has been removed by somebody else. NULL: not known. */
void container_removed(const struct ct_project *project, const char *id, const char *name, const char *image);

/* A time limit in seconds from a command line: 0…86400. -1: not one. */
int parse_seconds(const char *text);

#endif
