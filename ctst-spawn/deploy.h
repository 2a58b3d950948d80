/*
 * Carrying out a plan: what has to be done against the state as it is now, and doing it
 * in the order of the graph, as much at a time as the graph allows.
 *
 *	decide.c    what each action of the plan means against the state
 *	deploy.c    the index before and after, and what is destroyed
 *	schedule.c  the event loop
 *	readiness.c waiting until containers are healthy
 *	undo.c      --rollback
 */
#ifndef CTST_SPAWN_DEPLOY_H
#define CTST_SPAWN_DEPLOY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/project.h"
#include "common/state.h"
#include "ctst-spawn/plan.h"
#include "ctst-spawn/progress.h"

enum job_kind {
	JOB_KEEP, /* it is there already */
	JOB_START,
	JOB_REPLACE, /* stop `old`, then start */
	JOB_DESTROY,
	JOB_GONE, /* was to be destroyed and is not there any more */
};

enum job_phase {
	JOB_WAITING, /* for what it depends on */
	JOB_STOPPING_OLD,
	JOB_STARTING,
	JOB_CHECKED, /* it runs, and its health check has yet to say how it is */
	JOB_READY,   /* dependents may start; for JOB_DESTROY: done */
	JOB_FAILED,
	JOB_SKIPPED, /* something it depends on failed */
};

struct job {
	const struct action *action;
	enum job_kind kind;
	enum job_phase phase;
	const struct ct_state_entry *old; /* in deploy.state; KEEP, REPLACE, DESTROY */
	struct ct_state_entry entry; /* START, REPLACE: the new one; strings are borrowed but for ports and directory */
	bool launched;               /* START, REPLACE: the new one exists */
	bool old_stopped;            /* REPLACE: the old one ran and was asked to stop */
	bool old_killed;             /* REPLACE: and killed, since it did not */
	int report;                  /* its reports */
	pid_t supervisor;            /* 0: not launched */
	int old_supervisor;          /* pidfd: REPLACE while JOB_STOPPING_OLD, KEEP while JOB_CHECKED */
	int watch;                   /* inotify(7), KEEP while JOB_CHECKED; -1: none */
	int64_t since;               /* ct_monotonic() time at which the phase began */
	int64_t deadline;            /* and at which the old one is killed, or the check given up */
	bool told;                   /* that the old one takes its time to stop, or the new one to start */
	bool ended;
	int exit_code;      /* when it has failed: what an exec of its command would have exited with */
	size_t missing;     /* dependencies that are not ready yet */
	size_t *dependents; /* owned */
	size_t dependents_count;
};

struct deploy {
	const struct ct_project *project;
	const struct plan *plan;
	struct ct_state *state; /* as found */
	struct job *jobs;       /* one per action, same order */
	int64_t serial;         /* of the index that was written last */
	char created_at[32];
	struct network_deployment *network; /* network/deployment.h; NULL before and after */
	int lock;                           /* held until everything is ready */
	int signals;                        /* signalfd(2), not owned; -1: none yet */
	int interrupted;                    /* the signal that has come, or 0 */
	struct progress progress;
	int64_t limit;         /* ns for each health check to decide; 0: as its configuration says */
	bool leave_unneeded;   /* the health of those that nothing waits for is not waited for */
	bool rollback;         /* a failure undoes everything */
	bool may_go_unlimited; /* limits that cannot be enforced are left out */
	bool wait;             /* deploy_wait() follows: reports are kept open */
	bool failed;           /* at least one job did; told on stderr already */
	bool destroyed;        /* JOB_DESTROY: they have ended */
	bool lines;            /* deploy_line() writes */
};

/* Decides what each action means now. -1: P002 when the plan does not fit the state; nothing has been touched then. */
int deploy_decide(struct deploy *deploy, struct ct_err *err);

/*
 * Whether the volumes of all that is to be started have what they mount: a component that lacks it is found before
 * others are started or its predecessor is stopped. -1: R003.
 */
int deploy_check_sources(const struct deploy *deploy, struct ct_err *err);

/* Whether a container has to be started, replaced or destroyed. */
bool deploy_changes(const struct deploy *deploy);

/*
 * Writes the index and starts, replaces, destroys, waits until what is there is ready, and writes the
 * index again where something was left out. Failures of single containers are
 * reported as they happen and set `failed`; a signal ends it early and is in `interrupted`. -1: the state could not be
 * written.
 */
int deploy_run(struct deploy *deploy, struct ct_err *err);

/* The exit status of ctst-spawn when not all is as the plan wants it. */
int deploy_exit_status(const struct deploy *deploy);

/* Waits until all containers started by this run have ended. Returns the exit status for ctst-spawn. */
int deploy_wait(struct deploy *deploy);

void deploy_release(struct deploy *deploy);

/* ---- shared by the files above ---- */

/* JOB_START and JOB_REPLACE. */
bool job_starts(const struct job *job);

/* Runs the plan's jobs. deploy_store() writes the index once the first containers are on their way. */
int deploy_schedule(struct deploy *deploy, struct ct_err *err);

/* The index as it is to be, or at the `end` of the run as it has become. -1: S003. */
int deploy_store(struct deploy *deploy, bool end, struct ct_err *err);

/*
 * Makes the state that was found again: what has been started is stopped and removed, what was stopped for it is
 * started as it was. -1: the index cannot be written; a container that cannot be started again is told on stderr.
 */
int deploy_undo(struct deploy *deploy, struct ct_err *err);

/* A line of a ctst.progress/1 stream on standard output: "started", "replaced", "healthy", "failed", "skipped". */
void deploy_line(const struct deploy *deploy, const struct job *job, const char *what);

/* Tells the failure. */
void deploy_job_failed(struct deploy *deploy, struct job *job, const struct ct_err *err);

#endif
