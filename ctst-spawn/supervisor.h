/*
 * The supervisor's two halves: one run of its container (run.c), and what happens
 * before, between and after runs (supervise.c).
 */
#ifndef CTST_SPAWN_SUPERVISOR_H
#define CTST_SPAWN_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/event.h"
#include "common/status.h"
#include "ctst-spawn/cgroup_limits.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/health/health.h"
#include "ctst-spawn/health/probe.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/log_writer.h"
#include "ctst-spawn/payload.h"
#include "ctst-spawn/title.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

struct supervisor {
	struct config config;
	struct payload payload;
	struct identity identity;
	struct ct_status status;
	char *hostname;
	struct title title;
	char group[sizeof(((struct ct_status *)0)->cgroup)]; /* path of the cgroup; "": none */
	char unlimited[LIMITS_TEXT];                         /* limits that are not enforced, for people */
	int directory, signals, cgroup;
	int claim; /* of the identity, see identity_choose() */
	struct log_writer log;
	char **check_argv; /* of the health check, expanded; NULL: none */

	/* Of the present run; -1 while there is none. */
	int pidfd, socket;
	struct log_stream output, error_output;
	pid_t init;
	bool ended; /* the payload's end has been reported */
	int exit_code;
	struct ct_err failure; /* why the run could not start */
	struct health health;
	struct probe probe;
	bool sick; /* it is being ended since it is unhealthy, to be started again */

	bool reported; /* ctst-spawn knows whether the first start has worked */
	bool stop_asked;
	int64_t kill_at; /* ct_monotonic() time; 0: never */
	int64_t started; /* ct_monotonic() time of the present run */
	int64_t delay;   /* before the next restart */
};

/* Whether the policy starts the container again after a run that failed now. */
bool supervisor_may_restart(const struct supervisor *supervisor);

/* Replaces status.json. */
void supervisor_write_status(struct supervisor *supervisor);

/* Tells the project's events what has happened; exit code and restarts are told where the kind has them. */
void supervisor_event(const struct supervisor *supervisor, enum ct_event_kind kind);

/* Starts a run. What it opens is closed by run_finish(), also when this fails. -1: R001, R003, R004. */
int run_start(struct supervisor *supervisor, struct ct_err *err);

/*
 * Copies output, serves signals and reports until the command has ended and nobody holds its
 * output open, or the container's first process has gone: what the kernel then still has to
 * clear up is waited for in run_finish().
 * false: its command could not be started; `failure` says why.
 */
bool run_watch(struct supervisor *supervisor);

/* Everything of the run is gone: the last output is read, the first process collected. */
void run_finish(struct supervisor *supervisor);

/* A signal has arrived: stop, with the time limit that it carries. */
void supervisor_on_signal(struct supervisor *supervisor);

/* For poll(2): milliseconds until a ct_monotonic() time, rounded up; -1 for 0, which is never. */
int timeout_until(int64_t time);

#endif
