/*
 * When a container with a health check is ready. One that is started tells it through its supervisor's reports. One
 * that was there already has nobody who would tell: its status.json is watched, which its supervisor replaces
 * when something changes.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/status.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/schedule.h"
#include "ctst-spawn/stop.h"

static bool is_needed(const struct deploy *deploy, const struct job *job)
{
	for (size_t i = 0; i < job->dependents_count && !deploy->interrupted; i++) {
		if (job_starts(&deploy->jobs[job->dependents[i]]))
			return true;
	}
	return !deploy->leave_unneeded && !deploy->interrupted;
}

static void start_waiting(struct schedule *schedule, struct job *job)
{
	struct deploy *deploy = schedule->deploy;
	int64_t limit = deploy->limit ? deploy->limit : job->action->health_limit;
	char text[32];

	job->phase = JOB_CHECKED;
	job->since = ct_monotonic();
	job->deadline = job->since + limit;
	progress_format_time(limit, text, sizeof(text));
	progress_wait(&deploy->progress, "waiting until '%s' is healthy, for at most %s", job->action->name, text);
}

static void fail(struct schedule *schedule, struct job *job, struct ct_err *err)
{
	readiness_end(schedule, job);
	schedule_failed(schedule, job, err);
}

static void fail_unhealthy(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;

	ct_fail(&err, "R014", "it is unhealthy");
	ct_err_hint(&err, "'ctst inspect %s' shows what its health check said, 'ctst logs %s' what it says itself",
		    job->action->name, job->action->name);
	fail(schedule, job, &err);
}

static void fail_ended(struct schedule *schedule, struct job *job, int exit_code)
{
	struct ct_err err = CT_ERR_INIT;

	ct_fail(&err, "R014", "it ended with %d before it was healthy", exit_code);
	ct_err_hint(&err, "'ctst logs %s' shows its last words", job->action->name);
	fail(schedule, job, &err);
}

static void succeed(struct schedule *schedule, struct job *job)
{
	char passed[32], text[64];

	progress_format_time(ct_monotonic() - job->since, passed, sizeof(passed));
	snprintf(text, sizeof(text), "healthy after %s", passed);
	readiness_end(schedule, job);
	progress_tell(&schedule->deploy->progress, job->action->name, text, true);
	deploy_line(schedule->deploy, job, "healthy");
	schedule_ready(schedule, job);
}

void readiness_end(struct schedule *schedule, struct job *job)
{
	if (job->watch >= 0)
		(void)inotify_rm_watch(schedule->inotify, job->watch);
	job->watch = -1;
	if (job->kind == JOB_KEEP && job->old_supervisor >= 0) {
		close(job->old_supervisor);
		job->old_supervisor = -1;
	}
}

void readiness_begin(struct schedule *schedule, struct job *job)
{
	if (job->action->ready_when_healthy && is_needed(schedule->deploy, job))
		start_waiting(schedule, job);
	else
		schedule_ready(schedule, job);
}

void readiness_on_report(struct schedule *schedule, struct job *job, const struct report *report)
{
	if (!report)
		fail_ended(schedule, job, 128 + 9);
	else if (report->kind == REPORT_HEALTHY)
		succeed(schedule, job);
	else if (report->kind == REPORT_UNHEALTHY)
		fail_unhealthy(schedule, job);
	else if (report->kind == REPORT_ENDED)
		fail_ended(schedule, job, report->exit_code);
}

/* What is true of a kept container decides, or leaves it as it is. */
static void look_at_kept(struct schedule *schedule, struct job *job)
{
	struct ct_status status;
	struct ct_err err = CT_ERR_INIT;

	if (ct_status_read(job->old->directory, &status, &err) < 0)
		fail(schedule, job, &err);
	else if (!status.alive || status.state == CT_STOPPED || status.state == CT_FAILED)
		fail_ended(schedule, job, status.exit_code < 0 ? 128 + 9 : status.exit_code);
	else if (status.health == CT_HEALTH_HEALTHY && job->phase == JOB_CHECKED)
		succeed(schedule, job);
	else if (status.health == CT_HEALTH_HEALTHY)
		schedule_ready(schedule, job);
	else if (status.health == CT_HEALTH_UNHEALTHY)
		fail_unhealthy(schedule, job);
}

/* The watch comes before the look: what changes in between is seen by one of them. */
static int watch_kept(struct schedule *schedule, struct job *job, struct ct_err *err)
{
	if (schedule->inotify < 0)
		schedule->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	job->watch = schedule->inotify < 0 ? -1
					   : inotify_add_watch(schedule->inotify, job->old->directory,
							       IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
	if (job->watch < 0) {
		ct_fail_errno(err, "R014", "cannot watch its status");
		return ct_err_hint(err, "/proc/sys/fs/inotify/ has the limits of this host");
	}
	job->old_supervisor = supervisor_open(job->old);
	if (job->old_supervisor < 0 && errno != ESRCH)
		return ct_fail_errno(err, "R007", "cannot reach its supervisor");
	return 0;
}

void readiness_begin_kept(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;

	if (!job->action->ready_when_healthy || !is_needed(schedule->deploy, job)) {
		schedule_ready(schedule, job);
		return;
	}
	look_at_kept(schedule, job);
	if (job->phase != JOB_WAITING)
		return;
	start_waiting(schedule, job);
	if (watch_kept(schedule, job, &err) < 0)
		fail(schedule, job, &err);
	else
		look_at_kept(schedule, job);
	if (job->phase == JOB_CHECKED)
		schedule_open(schedule, job);
}

void readiness_on_end(struct schedule *schedule, struct job *job)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	(void)ct_status_read(job->old->directory, &status, &ignored);
	fail_ended(schedule, job, status.exit_code < 0 ? 128 + 9 : status.exit_code);
}

static void look_at_watched(struct schedule *schedule, const struct inotify_event *event)
{
	for (size_t i = 0; i < schedule->open_count; i++) {
		struct job *job = &schedule->deploy->jobs[schedule->open[i]];

		if (job->phase == JOB_CHECKED && job->watch >= 0 &&
		    (job->watch == event->wd || event->mask & IN_Q_OVERFLOW))
			look_at_kept(schedule, job);
	}
}

void readiness_on_inotify(struct schedule *schedule)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;

	while ((got = read(schedule->inotify, events, sizeof(events))) > 0) {
		for (const char *at = events; at < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;

			look_at_watched(schedule, event);
			at += sizeof(*event) + event->len;
		}
	}
}

void readiness_give_up(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;
	char text[32];

	progress_format_time(job->deadline - job->since, text, sizeof(text));
	ct_fail(&err, "R014", "it was not healthy within %s", text);
	ct_err_hint(&err, "'ctst inspect %s' shows what its health check said; --timeout SECONDS waits longer",
		    job->action->name);
	fail(schedule, job, &err);
}
