/* The parent of a payload while that runs: the container's init, and the one that ctst-exec leaves in its group. */
#ifndef CTST_SPAWN_SERVE_H
#define CTST_SPAWN_SERVE_H

#include <sys/types.h>

/*
 * Hands every signal on to the payload and collects children, orphans too, until the payload has ended. All signals
 * are blocked and taken one at a time. Returns the payload's exit status in wait(2)'s encoding.
 */
int serve(pid_t payload);

#endif
