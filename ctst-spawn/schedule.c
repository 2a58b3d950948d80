/*
 * The event loop: a component starts the moment its last dependency is ready. Whoever
 * is ready is put into a queue; reports and ends of processes put others there.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/process.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/launch.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

/* Containers that are being started or replaced at the same time; more only wait for the same few processors. */
#define MOST_AT_ONCE 64

struct schedule {
	struct deploy *deploy;
	size_t *queue; /* jobs whose dependencies are ready; every job enters once */
	size_t head, tail;
	size_t *active; /* jobs in JOB_STOPPING_OLD or JOB_STARTING */
	size_t active_count;
};

static void enqueue(struct schedule *schedule, size_t index)
{
	schedule->queue[schedule->tail++] = index;
}

static void became_ready(struct schedule *schedule, struct job *job)
{
	job->phase = JOB_READY;
	for (size_t i = 0; i < job->dependents_count; i++) {
		struct job *dependent = &schedule->deploy->jobs[job->dependents[i]];

		if (--dependent->missing == 0 && dependent->phase == JOB_WAITING && dependent->kind != JOB_KEEP)
			enqueue(schedule, job->dependents[i]);
	}
}

static void skip(struct deploy *deploy, struct job *job, const char *needed)
{
	struct ct_err err = CT_ERR_INIT;

	job->phase = JOB_SKIPPED;
	deploy->failed = true;
	ct_fail(&err, "R014", "component '%s' was not started: it needs '%s'", job->action->name, needed);
	ct_err_report("ctst-spawn", &err);
}

/* Skips all that depends on the job, directly or not. Kept ones go on as they are. */
static void skip_dependents(struct deploy *deploy, const struct job *failed)
{
	size_t *stack = ct_alloc_array(deploy->plan->count, sizeof(size_t));
	size_t depth = 0;

	stack[depth++] = (size_t)(failed - deploy->jobs);
	while (depth > 0) {
		const struct job *job = &deploy->jobs[stack[--depth]];

		for (size_t i = 0; i < job->dependents_count; i++) {
			struct job *dependent = &deploy->jobs[job->dependents[i]];

			if (dependent->phase != JOB_WAITING || dependent->kind == JOB_KEEP)
				continue;
			skip(deploy, dependent, job->action->name);
			stack[depth++] = job->dependents[i];
		}
	}
	free(stack);
}

static void job_failed(struct deploy *deploy, struct job *job, const struct ct_err *err)
{
	deploy_job_failed(deploy, job, err);
	skip_dependents(deploy, job);
}

static void launch(struct schedule *schedule, struct job *job)
{
	struct deploy *deploy = schedule->deploy;
	struct ct_err err = CT_ERR_INIT;
	ct_autoclose int directory = container_directory_create(job->entry.directory, &job->entry, deploy->project,
								job->action->after, job->action->container,
								deploy->may_go_unlimited, &err);

	job->phase = JOB_STARTING;
	if (directory >= 0)
		job->report = launch_supervisor(job->entry.directory, directory, &job->supervisor, &err);
	if (job->report < 0)
		job_failed(deploy, job, &err);
}

static void old_is_gone(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;

	if (job->old_supervisor >= 0)
		close(job->old_supervisor);
	job->old_supervisor = -1;
	if (container_remove(schedule->deploy->project, job->old->id, &err) < 0)
		job_failed(schedule->deploy, job, &err);
	else
		launch(schedule, job);
}

static void begin(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;

	schedule->active[schedule->active_count++] = (size_t)(job - schedule->deploy->jobs);
	if (job->kind == JOB_START) {
		launch(schedule, job);
		return;
	}
	job->phase = JOB_STOPPING_OLD;
	job->old_supervisor = supervisor_open(job->old);
	job->old_deadline = supervisor_deadline(SUPERVISE_STOP_SECONDS);
	if (job->old_supervisor < 0 && errno != ESRCH) {
		ct_fail_errno(&err, "R007", "cannot reach the supervisor of the old container");
		job_failed(schedule->deploy, job, &err);
		return;
	}
	if (job->old_supervisor < 0 || supervisor_stop(job->old_supervisor, SUPERVISE_STOP_SECONDS) < 0)
		old_is_gone(schedule, job);
}

/* The supervisor's word, or its end without one. */
static void on_report(struct schedule *schedule, struct job *job)
{
	struct report report;
	struct ct_err err = CT_ERR_INIT;

	if (!report_receive(job->report, &report)) {
		ct_fail(&err, "R004", "its supervisor was killed before the command ran");
		job_failed(schedule->deploy, job, &err);
	} else if (report.kind == REPORT_STARTED) {
		if (report.message[0])
			ct_warn("ctst-spawn", "component '%s': %s", job->action->name, report.message);
		deploy_progress(schedule->deploy, job->action->name, job->kind == JOB_REPLACE ? "replaced" : "started");
		became_ready(schedule, job);
		if (!schedule->deploy->wait) {
			close(job->report);
			job->report = -1;
		}
	} else {
		report_error(&report, &err);
		job_failed(schedule->deploy, job, &err);
	}
}

static bool is_active(const struct job *job)
{
	return job->phase == JOB_STOPPING_OLD || job->phase == JOB_STARTING;
}

static void drop_inactive(struct schedule *schedule)
{
	size_t kept = 0;

	for (size_t i = 0; i < schedule->active_count; i++) {
		if (is_active(&schedule->deploy->jobs[schedule->active[i]]))
			schedule->active[kept++] = schedule->active[i];
	}
	schedule->active_count = kept;
}

static int wait_for_active(struct schedule *schedule, struct ct_err *err)
{
	struct pollfd watches[MOST_AT_ONCE];
	size_t count = schedule->active_count;

	for (size_t i = 0; i < count; i++) {
		const struct job *job = &schedule->deploy->jobs[schedule->active[i]];
		bool stopping = job->phase == JOB_STOPPING_OLD;

		watches[i] = (struct pollfd){ .fd = stopping ? job->old_supervisor : job->report, .events = POLLIN };
	}
	if (poll(watches, count, 1000) < 0)
		return errno == EINTR ? 0 : ct_fail_errno(err, "R004", "cannot wait for the containers");
	for (size_t i = 0; i < count; i++) {
		struct job *job = &schedule->deploy->jobs[schedule->active[i]];

		if (watches[i].revents && job->phase == JOB_STOPPING_OLD)
			old_is_gone(schedule, job);
		else if (watches[i].revents)
			on_report(schedule, job);
		/* It hangs: its death is its container's, and what is left is removed with its directory. */
		else if (job->phase == JOB_STOPPING_OLD && ct_monotonic() > job->old_deadline)
			(void)ct_pidfd_signal(job->old_supervisor, SIGKILL, 0);
	}
	return 0;
}

/*
 * The index is written while the first containers come up. Should this program be killed before
 * that, the next command finds directories that no index names and ends what runs in them.
 * Should it fail, the same is done here.
 */
static int store(struct schedule *schedule, struct ct_err *err)
{
	if (deploy_store(schedule->deploy, err) == 0)
		return 0;
	for (size_t i = 0; i < schedule->deploy->plan->count; i++) {
		const struct job *job = &schedule->deploy->jobs[i];
		union sigval at_once = { .sival_int = 0 };
		struct report report;

		if (job->supervisor <= 0 || sigqueue(job->supervisor, SIGTERM, at_once) < 0)
			continue;
		while (report_receive(job->report, &report))
			;
	}
	return -1;
}

static int run(struct schedule *schedule, struct ct_err *err)
{
	bool stored = false;

	for (;;) {
		while (schedule->head < schedule->tail && schedule->active_count < MOST_AT_ONCE) {
			begin(schedule, &schedule->deploy->jobs[schedule->queue[schedule->head++]]);
			drop_inactive(schedule);
		}
		if (!stored && store(schedule, err) < 0)
			return -1;
		stored = true;
		if (schedule->active_count == 0 && schedule->head == schedule->tail)
			return 0;
		if (schedule->active_count > 0 && wait_for_active(schedule, err) < 0)
			return -1;
		drop_inactive(schedule);
	}
}

int deploy_schedule(struct deploy *deploy, struct ct_err *err)
{
	struct schedule schedule = {
		.deploy = deploy,
		.queue = ct_alloc_array(deploy->plan->count, sizeof(size_t)),
		.active = ct_alloc_array(MOST_AT_ONCE, sizeof(size_t)),
	};
	int status;

	/* What is there already waits for nobody, whatever becomes of what it depends on. */
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].kind == JOB_KEEP)
			became_ready(&schedule, &deploy->jobs[i]);
	}
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].action->kind != ACTION_DESTROY && deploy->jobs[i].action->waits_for_count == 0 &&
		    deploy->jobs[i].kind != JOB_KEEP)
			enqueue(&schedule, i);
	}
	status = run(&schedule, err);
	free(schedule.queue);
	free(schedule.active);
	return status;
}

static bool still_running(const struct job *job)
{
	return job->phase == JOB_READY && job->report >= 0 && !job->ended;
}

/* One after the other is enough: the order in which they end does not matter here. */
int deploy_wait(struct deploy *deploy)
{
	int status = deploy->failed ? CT_EXIT_FAILED : CT_EXIT_OK;
	size_t started = 0;
	int last = 0;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];
		struct report report;

		if (!still_running(job))
			continue;
		started++;
		job->ended = true;
		job->exit_code = 128 + 9;
		while (report_receive(job->report, &report)) {
			if (report.kind != REPORT_ENDED)
				continue;
			job->exit_code = report.exit_code;
			break;
		}
		last = job->exit_code;
		if (last != 0)
			status = CT_EXIT_FAILED;
	}
	return started == 1 && !deploy->failed ? last : status;
}
