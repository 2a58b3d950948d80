/*
 * Another program of the project, run to its end.
 *
 * What it has begun is cleaned up before anybody goes on: it ends when this program does, however that ends, and
 * SIGINT, SIGTERM and SIGHUP are passed on to it, waited out, and only then do to this program what they usually do.
 */
#ifndef IMAGE_HELPER_H
#define IMAGE_HELPER_H

#include "common/err.h"

/*
 * Like ct_process_start() and ct_process_wait() in one: the exit status, or 128 + the signal that ended it; -1 with errno.
 * What it prints has to fit into a pipe if it is to be read afterwards.
 */
int helper_run(const char *const argv[], int stdin_fd, int stdout_fd);

/* A status that is not 0: one by a signal is told with that code; another one the program has told by itself. */
int helper_failed(int status, const char *code, const char *what, struct ct_err *err);

#endif
