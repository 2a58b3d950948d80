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
#include "ctst-spawn/mount_type.h"
#include "ctst-spawn/network/network.h"
#include "ctst-spawn/title.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

struct supervisor {
	struct config config; /* in full only while a run is started, see supervisor_forget() */
	struct identity identity;
	struct ct_status status;
	char *hostname; /* likewise */
	struct title title;
	char group[sizeof(((struct ct_status *)0)->cgroup)]; /* path of the cgroup; "": none */
	char unlimited[LIMITS_TEXT];                         /* limits that are not enforced, for people */
	char unmapped
		[MOUNT_TYPE_SIZE]; /* the image's files are nobody's, because of this file system; "": all is well */
	struct network network;
	int directory, signals, cgroup;
	int claim; /* of the identity, see identity_choose() */
	struct log_writer log;

	/* Of the present run; -1 while there is none. */
	int pidfd, socket;
	struct log_stream output, error_output;
	pid_t init;
	bool ended; /* the payload's end has been reported */
	int exit_code;
	struct health health;
	bool sick; /* it is being ended since it is unhealthy, to be started again */

	bool reported; /* ctst-spawn knows whether the first start has worked */
	bool stop_asked;
	int64_t patience;       /* ns that the container has for its end, once it is asked to stop */
	int64_t kill_at;        /* ct_monotonic() time; 0: never */
	int64_t started;        /* ct_monotonic() time of the present run */
	int64_t delay;          /* before the next restart, or the last one */
	int64_t attempts;       /* starts since a run was long enough to begin anew */
	int64_t oom_kills;      /* in the group until the last end, see cgroup_oom_kills() */
	int64_t write_again_at; /* ct_monotonic() time; 0: the status is written */

	struct probe probe;
	int64_t quiet_at; /* ct_monotonic() time: long enough after the last output to give memory back; 0: done */

	/* Large and seldom written: at the end, so that the rest is near together. */
	struct ct_err failure; /* why the run could not start: what init said */
	struct ct_err noticed; /* and what this process found */
};

/* Whether the policy starts the container again after a run that fails now; and after the run that has ended. */
bool supervisor_may_restart(const struct supervisor *supervisor);
bool supervisor_wants_restart(const struct supervisor *supervisor);

/* The pause before the next start; a signal to stop ends it. */
void supervisor_wait_before_restart(struct supervisor *supervisor);

/* Reads what the next run needs from config.json in the current directory. -1: R003, R004, S001. */
int supervisor_read_config(struct supervisor *supervisor, struct ct_err *err);

/* The command runs: what only its start needs is given back. */
void supervisor_forget(struct supervisor *supervisor);

/* Replaces status.json. When that fails, `write_again_at` says when to try once more. */
void supervisor_write_status(struct supervisor *supervisor);

/* Tells the project's events what has happened. */
void supervisor_event(const struct supervisor *supervisor, enum ct_event_kind kind);

/* A run has ended and is followed by another one; it was the last; it could not be started. All of it is written and told. */
void supervisor_record_restart(struct supervisor *supervisor);
void supervisor_record_end(struct supervisor *supervisor);
void supervisor_record_failure(struct supervisor *supervisor, int exit_code, const struct ct_err *err);

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
