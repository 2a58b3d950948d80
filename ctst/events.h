/*
 * Signals and ended children as one stream that is read, so that there is no race
 * between looking and waiting.
 *
 * What a terminal does on Ctrl+C, it does to the whole foreground process group:
 * the porcelain and every tool it has started. The porcelain has to decide what
 * happens then (a stop in order; a second Ctrl+C a kill), so its children must
 * not die of the first one. events_open() therefore blocks SIGINT, SIGHUP, SIGTERM
 * and SIGCHLD for reading, and sets SIGINT and SIGHUP to be ignored: blocked
 * signals are queued all the same, and what is ignored stays ignored across the
 * children's execve(2), while ct_process_start() gives them an empty mask. A tool
 * that wants Ctrl+C asks for it; ctst-spawn sets everything back to
 * the default for a container. SIGTERM is left alone: it is how the porcelain ends
 * its children. A process group of their own would do too, but then a stage could
 * not read a composition from the terminal.
 *
 * Whoever was started by nohup(1) has SIGHUP ignored already, and goes on when its terminal is gone. SIGINT does not
 * say as much: a shell without job control starts whatever is in the background with that ignored.
 */
#ifndef CTST_EVENTS_H
#define CTST_EVENTS_H

#include "common/err.h"

/* A descriptor for events_next() and poll(2), non-blocking. `shield`: as above; else only SIGCHLD is taken. -1: R004. */
int events_open(_Bool shield, struct ct_err *err);

/* The number of the next signal, waiting for it. */
int events_next(int fd);

/* The same without waiting: 0 when there is none. */
int events_poll(int fd);

#endif
