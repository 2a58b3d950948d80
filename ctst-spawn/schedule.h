/*
 * The event loop of a run, for the files that share it: schedule.c, which owns it, and readiness.c, which
 * knows what becomes of containers with health checks.
 */
#ifndef CTST_SPAWN_SCHEDULE_H
#define CTST_SPAWN_SCHEDULE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/report.h"

struct schedule {
	struct deploy *deploy;
	size_t *queue; /* jobs whose dependencies are ready; every job enters once */
	size_t head, tail;
	size_t *open; /* jobs of which something is awaited: JOB_STOPPING_OLD, JOB_STARTING, JOB_CHECKED */
	size_t open_count;
	size_t active_count;    /* of these, those that are not JOB_CHECKED */
	struct pollfd *watches; /* of the open jobs, then signals, then inotify */
	bool stored;            /* the index names what this run makes */
	int inotify;            /* of the directories of kept containers; -1: none yet */
};

/* Its dependents may start. */
void schedule_ready(struct schedule *schedule, struct job *job);

/* Tells the failure, and skips whatever depends on the job. */
void schedule_failed(struct schedule *schedule, struct job *job, const struct ct_err *err);

/* From now on something is awaited of the job. */
void schedule_open(struct schedule *schedule, struct job *job);

/* The new container's command runs: it is ready, or its health is awaited now. */
void readiness_begin(struct schedule *schedule, struct job *job);

/* The same for one that was there already, and may be healthy or have ended. */
void readiness_begin_kept(struct schedule *schedule, struct job *job);

/* Its supervisor has spoken, or is gone (`report` NULL). */
void readiness_on_report(struct schedule *schedule, struct job *job, const struct report *report);

/* The supervisor of a kept one is gone. */
void readiness_on_end(struct schedule *schedule, struct job *job);

/* status.json of kept ones may have changed. */
void readiness_on_inotify(struct schedule *schedule);

/* Its time is up. */
void readiness_give_up(struct schedule *schedule, struct job *job);

/* Nothing is awaited of the job any more. */
void readiness_end(struct schedule *schedule, struct job *job);

#endif
