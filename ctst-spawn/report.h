/*
 * Fixed-size messages on the pipe from a supervisor to the ctst-spawn that started it,
 * and on the socket from a container's init to its supervisor. One message is one
 * write below PIPE_BUF, so it arrives whole (pipe(7)); whoever reads believes it only
 * if it has the full size.
 */
#ifndef CTST_SPAWN_REPORT_H
#define CTST_SPAWN_REPORT_H

#include <stdbool.h>

#include "common/err.h"

enum report_kind {
	REPORT_STARTED = 1, /* the payload's execve(2) has succeeded; a message is a warning */
	REPORT_FAILED,      /* it could not be started: code, message and hint say why */
	REPORT_ENDED,       /* exit_code; from the supervisor: and it will not be started again */
	REPORT_HEALTHY,     /* from the supervisor, after STARTED: its health has become this */
	REPORT_UNHEALTHY,
};

struct report {
	int kind;
	int exit_code; /* ENDED: 0…255, 128 + n for signal n; FAILED: what an exec of it would exit with */
	char code[8];
	char message[768];
	char hint[256];
};

/* Best effort: a reader that has gone is no error. SIGPIPE must be ignored. */
void report_send(int fd, enum report_kind kind, int exit_code, const struct ct_err *err);

/* True for a whole report; false at the end of the stream and for anything else. */
bool report_receive(int fd, struct report *report);

/* The error of a FAILED report. */
void report_error(const struct report *report, struct ct_err *err);

#endif
