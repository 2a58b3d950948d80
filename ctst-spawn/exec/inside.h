/*
 * The process between ctst-exec and its command. ctst-exec itself has the caller's terminal and files and stays
 * outside: nothing of the container reaches it but bytes. This one is in the container's cgroup and namespaces (but the
 * pid namespace, which is its child's), has nothing of the caller's, and is the command's parent. It belongs to no terminal:
 * a ctst-exec that is stopped by Ctrl+Z does not keep a container from ending, whose pid namespace is gone only
 * when each of its processes has been collected by its parent.
 *
 * Seen from ctst-exec:
 *
 *	1. clone3(2) into the container's cgroup; the child calls inside_run()
 *	2. it enters, makes pipes or a terminal of the container's own, starts the command
 *	3. it sends REPORT_STARTED and ctst-exec's ends of these (struct inside_ends), or REPORT_FAILED
 *	4. signals that are sent to it go on to the command
 *	5. it exits as the command did, 128 + n for signal n
 *
 * It dies with ctst-exec, and the command with it (PR_SET_PDEATHSIG).
 */
#ifndef CTST_SPAWN_EXEC_INSIDE_H
#define CTST_SPAWN_EXEC_INSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctst-spawn/exec/target.h"
#include "ctst-spawn/exec/terminal.h"
#include "ctst-spawn/payload.h"

struct inside {
	const struct target *target;
	struct payload *payload;
	const struct terminal *caller; /* whose settings and size a new terminal takes */
	bool terminal;                 /* the command gets one; false: pipes */
	bool input;                    /* what the caller writes goes there; false: its input is empty */
	bool one_output;               /* one pipe for standard output and error: the caller's are the same file, and so
					  the order is kept */
};

/* ctst-exec's ends; -1 where there is none. A terminal is all three. They do not block. */
struct inside_ends {
	int input, output, error_output;
};

/* The process, and what tells of it; all are the caller's, who also collects the process. */
struct inside_process {
	pid_t pid;
	int pidfd;  /* readable when it has ended */
	int socket; /* for inside_receive() */
};

/* Starts it. -1: R002, R007, R008. */
int inside_start(const struct inside *inside, struct inside_process *process, struct ct_err *err);

/* When the socket has something: step 3. -1: the error that was reported, or R007 when it has been killed. */
int inside_receive(const struct inside *inside, int socket, struct inside_ends *ends, struct ct_err *err);

#endif
