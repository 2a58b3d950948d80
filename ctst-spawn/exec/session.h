/* A command in a container from its start to its end, as its caller sees it: what it reads and writes, and signals. */
#ifndef CTST_SPAWN_EXEC_SESSION_H
#define CTST_SPAWN_EXEC_SESSION_H

#include "ctst-spawn/exec/inside.h"
#include "ctst-spawn/exec/terminal.h"

/*
 * Starts the command and copies between its pipes or terminal and this process's standard descriptors until it has ended
 * and what it had written by then is out; what others still write through the same pipe is not waited for. Signals go on to the command; in a terminal of its own SIGHUP hangs that up, as it came from
 * the caller's. Returns its exit status, 128 + n for signal n. -1: R002, R007, R008.
 */
int session_run(const struct inside *inside, struct terminal *terminal, struct ct_err *err);

#endif
