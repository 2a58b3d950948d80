/*
 * Carrying out a plan: what has to be done against the state as it is now, and doing it
 * in the order of the graph, as much at a time as the graph allows.
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
	JOB_READY, /* dependents may start; for JOB_DESTROY: done */
	JOB_FAILED,
	JOB_SKIPPED, /* something it depends on failed */
};

struct job {
	const struct action *action;
	enum job_kind kind;
	enum job_phase phase;
	const struct ct_state_entry *old; /* in deploy.state; KEEP, REPLACE, DESTROY */
	struct ct_state_entry entry;      /* START, REPLACE: the new one; strings are borrowed but for directory */
	int report;                       /* its reports */
	pid_t supervisor;                 /* 0: not launched */
	int old_supervisor;               /* pidfd while JOB_STOPPING_OLD */
	int64_t old_deadline;             /* ct_monotonic() time after which it is killed */
	bool ended;
	int exit_code;
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
	int lock; /* held until everything is started */
	bool show_progress;
	bool may_go_unlimited; /* limits that cannot be enforced are left out */
	bool wait;             /* deploy_wait() follows: reports are kept open */
	bool failed;           /* at least one job did; told on stderr already */
};

/* Decides what each action means now. -1: P002 when the plan does not fit the state; nothing has been touched then. */
int deploy_decide(struct deploy *deploy, struct ct_err *err);

/* True when every job is JOB_KEEP or JOB_GONE. */
bool deploy_is_done(const struct deploy *deploy);

/*
 * Writes the index and starts, replaces, destroys, and writes the
 * index again where something was left out. Failures of single containers are
 * reported as they happen and set `failed`. -1: the state could not be written.
 */
int deploy_run(struct deploy *deploy, struct ct_err *err);

/* Waits until all containers started by this run have ended. Returns the exit status for ctst-spawn. */
int deploy_wait(struct deploy *deploy);

void deploy_release(struct deploy *deploy);

/* Shared with schedule.c: deploy_store() writes the index once the first containers are on their way. */
int deploy_schedule(struct deploy *deploy, struct ct_err *err);
int deploy_store(struct deploy *deploy, struct ct_err *err);
void deploy_job_failed(struct deploy *deploy, struct job *job, const struct ct_err *err);
void deploy_progress(const struct deploy *deploy, const char *name, const char *what);

#endif
