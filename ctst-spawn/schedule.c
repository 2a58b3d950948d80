/*
 * The event loop: a component starts the moment its last dependency is ready. Whoever
 * is ready is put into a queue; reports and ends of processes put others there.
 */
#include "ctst-spawn/schedule.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/process.h"
#include "ctst-spawn/confine/profile.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/launch.h"
#include "ctst-spawn/network/deployment.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

/* Containers that are being started or replaced at the same time; more only wait for the same few processors. */
#define MOST_AT_ONCE 64

#define SECOND INT64_C(1000000000)
#define LONG_STEP SECOND       /* a stop or a start that takes longer is worth a word */
#define COMING_UP (5 * SECOND) /* what an interrupted run grants those that are just starting */

static bool is_active(const struct job *job)
{
	return job->phase == JOB_STOPPING_OLD || job->phase == JOB_STARTING;
}

void schedule_open(struct schedule *schedule, struct job *job)
{
	schedule->open[schedule->open_count++] = (size_t)(job - schedule->deploy->jobs);
	schedule->active_count += is_active(job);
}

/* Those of which nothing is awaited any more go. */
static void settle(struct schedule *schedule)
{
	size_t kept = 0;

	schedule->active_count = 0;
	for (size_t i = 0; i < schedule->open_count; i++) {
		const struct job *job = &schedule->deploy->jobs[schedule->open[i]];

		if (!is_active(job) && job->phase != JOB_CHECKED)
			continue;
		schedule->active_count += is_active(job);
		schedule->open[kept++] = schedule->open[i];
	}
	schedule->open_count = kept;
}

void schedule_ready(struct schedule *schedule, struct job *job)
{
	job->phase = JOB_READY;
	/* Nothing that comes after this is of interest, unless its end is waited for. */
	if (job->report >= 0 && !schedule->deploy->wait) {
		close(job->report);
		job->report = -1;
	}
	for (size_t i = 0; i < job->dependents_count; i++) {
		struct job *dependent = &schedule->deploy->jobs[job->dependents[i]];

		if (--dependent->missing == 0 && dependent->phase == JOB_WAITING && dependent->kind != JOB_KEEP)
			schedule->queue[schedule->tail++] = job->dependents[i];
	}
}

static void skip(struct deploy *deploy, struct job *job, const char *needed)
{
	struct ct_err err = CT_ERR_INIT;

	job->phase = JOB_SKIPPED;
	deploy->failed = true;
	deploy_line(deploy, job, "skipped");
	progress_clear(&deploy->progress);
	ct_fail(&err, "R014", "component '%s' was not %s: it needs '%s'", job->action->name,
		job->kind == JOB_REPLACE ? "replaced" : "started", needed);
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

void schedule_failed(struct schedule *schedule, struct job *job, const struct ct_err *err)
{
	deploy_job_failed(schedule->deploy, job, err);
	skip_dependents(schedule->deploy, job);
}

static void launch(struct schedule *schedule, struct job *job)
{
	struct deploy *deploy = schedule->deploy;
	struct ct_err err = CT_ERR_INIT;
	ct_autoclose int directory = container_directory_create(job->entry.directory, &job->entry, deploy->project,
								job->action->after, job->action->container,
								deploy->may_go_unlimited, &err);

	job->phase = JOB_STARTING;
	job->since = ct_monotonic();
	job->deadline = 0;
	job->told = false;
	job->launched = directory >= 0;
	if (directory >= 0 && profile_compile(directory, job->action->container, &err) == 0)
		job->report = launch_supervisor(job->entry.directory, directory,
						network_deployment_place(deploy, &job->entry), &job->supervisor, &err);
	if (job->report < 0)
		schedule_failed(schedule, job, &err);
}

/* Its directory stays until the end of the run: until then the index may name it, and --rollback starts it again. */
static void old_is_gone(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;

	if (job->old_supervisor >= 0)
		close(job->old_supervisor);
	job->old_supervisor = -1;
	if (container_end(schedule->deploy->project, job->old->id, &err) < 0)
		schedule_failed(schedule, job, &err);
	else
		launch(schedule, job);
}

/*
 * The index is written while the first containers come up, but before the first one is stopped. Should this program
 * be killed before that, the next command finds directories that no index names and ends what runs in them.
 * Should it fail, the same is done here, and what was there goes on.
 */
static int store(struct schedule *schedule, struct ct_err *err)
{
	if (schedule->stored)
		return 0;
	schedule->stored = true;
	if (deploy_store(schedule->deploy, false, err) == 0)
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

static int stop_old(struct schedule *schedule, struct job *job, struct ct_err *err)
{
	struct ct_err problem = CT_ERR_INIT;

	job->phase = JOB_STOPPING_OLD;
	job->since = ct_monotonic();
	job->deadline = supervisor_deadline(SUPERVISE_STOP_SECONDS);
	job->old_supervisor = supervisor_open(job->old);
	if (job->old_supervisor < 0 && errno != ESRCH) {
		ct_fail_errno(&problem, "R007", "cannot reach the supervisor of the old container");
		schedule_failed(schedule, job, &problem);
		return 0;
	}
	job->old_stopped = job->old_supervisor >= 0;
	if (job->old_stopped && store(schedule, err) < 0)
		return -1;
	if (!job->old_stopped || supervisor_stop(job->old_supervisor, SUPERVISE_STOP_SECONDS) < 0)
		old_is_gone(schedule, job);
	return 0;
}

static int begin(struct schedule *schedule, struct job *job, struct ct_err *err)
{
	int status = 0;

	if (job->kind == JOB_START)
		launch(schedule, job);
	else
		status = stop_old(schedule, job, err);
	schedule_open(schedule, job);
	return status;
}

static void on_started(struct schedule *schedule, struct job *job, const struct report *report)
{
	struct progress *progress = &schedule->deploy->progress;
	const char *what;

	if (report->message[0]) {
		progress_clear(progress);
		ct_warn("ctst-spawn", "component '%s': %s", job->action->name, report->message);
	}
	what = job->kind == JOB_REPLACE ? "replaced" : "started";
	progress_tell(progress, job->action->name, what, false);
	deploy_line(schedule->deploy, job, what);
	readiness_begin(schedule, job);
}

/* The supervisor's word, or its end without one. */
static void on_report(struct schedule *schedule, struct job *job)
{
	struct report report;
	struct ct_err err = CT_ERR_INIT;
	bool received = report_receive(job->report, &report);

	if (job->phase == JOB_CHECKED) {
		readiness_on_report(schedule, job, received ? &report : NULL);
	} else if (!received) {
		ct_fail(&err, "R004", "its supervisor was killed before the command ran");
		schedule_failed(schedule, job, &err);
	} else if (report.kind == REPORT_STARTED) {
		on_started(schedule, job, &report);
	} else {
		report_error(&report, &err);
		job->exit_code = report.exit_code;
		schedule_failed(schedule, job, &err);
	}
}

static int descriptor_of(const struct job *job)
{
	bool of_old = job->phase == JOB_STOPPING_OLD || job->kind == JOB_KEEP;

	return of_old ? job->old_supervisor : job->report;
}

/* Something has come from the job's descriptor. */
static void on_event(struct schedule *schedule, struct job *job)
{
	if (job->phase == JOB_STOPPING_OLD)
		old_is_gone(schedule, job);
	else if (job->kind == JOB_KEEP)
		readiness_on_end(schedule, job);
	else
		on_report(schedule, job);
}

/* It hangs: its death is its container's, and what is left is removed with its directory. */
static void kill_old(struct schedule *schedule, struct job *job)
{
	struct ct_err err = CT_ERR_INIT;

	if (job->old_killed) {
		(void)supervisor_cannot_be_killed(job->action->name, &err);
		schedule_failed(schedule, job, &err);
		return;
	}
	job->old_killed = true;
	job->deadline = supervisor_deadline(0);
	(void)ct_pidfd_signal(job->old_supervisor, SIGKILL, 0);
}

static void on_time(struct schedule *schedule, struct job *job, int64_t now)
{
	if (is_active(job) && !job->told && now >= job->since + LONG_STEP) {
		progress_wait(&schedule->deploy->progress,
			      job->phase == JOB_STARTING ? "waiting until '%s' has started"
							 : "waiting until the old '%s' has stopped",
			      job->action->name);
		job->told = true;
	}
	if (job->phase == JOB_STOPPING_OLD && now >= job->deadline) {
		kill_old(schedule, job);
	} else if (job->phase == JOB_CHECKED && now >= job->deadline) {
		readiness_give_up(schedule, job);
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* When something has to be done although nothing happens: a ct_monotonic() time, 0: never. */
static int64_t next_moment(const struct schedule *schedule)
{
	int64_t next = schedule->deploy->progress.draw_at;

	for (size_t i = 0; i < schedule->open_count; i++) {
		const struct job *job = &schedule->deploy->jobs[schedule->open[i]];

		next = earlier(next, job->deadline);
		if (is_active(job) && !job->told)
			next = earlier(next, job->since + LONG_STEP);
	}
	return next;
}

static int milliseconds_until(int64_t moment)
{
	int64_t left = (moment - ct_monotonic() + 999999) / 1000000;

	return moment == 0 ? -1 : left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static void on_signal(struct schedule *schedule)
{
	struct signalfd_siginfo info;

	if (read(schedule->deploy->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo != SIGWINCH)
		schedule->deploy->interrupted = (int)info.ssi_signo;
	else if (schedule->deploy->progress.draw_at)
		schedule->deploy->progress.draw_at = ct_monotonic();
}

static int wait_for_open(struct schedule *schedule, struct ct_err *err)
{
	size_t count = schedule->open_count;
	struct pollfd *watches = schedule->watches;
	int64_t now;

	for (size_t i = 0; i < count; i++)
		watches[i] = (struct pollfd){ .fd = descriptor_of(&schedule->deploy->jobs[schedule->open[i]]),
					      .events = POLLIN };
	watches[count] = (struct pollfd){ .fd = schedule->deploy->signals, .events = POLLIN };
	watches[count + 1] = (struct pollfd){ .fd = schedule->inotify, .events = POLLIN };
	if (poll(watches, count + 2, milliseconds_until(next_moment(schedule))) < 0)
		return errno == EINTR ? 0 : ct_fail_errno(err, "R004", "cannot wait for the containers");
	now = ct_monotonic();
	if (watches[count].revents)
		on_signal(schedule);
	for (size_t i = 0; i < count; i++) {
		struct job *job = &schedule->deploy->jobs[schedule->open[i]];

		if (watches[i].revents)
			on_event(schedule, job);
		else
			on_time(schedule, job, now);
	}
	if (watches[count + 1].revents)
		readiness_on_inotify(schedule);
	return 0;
}

/* The first one that is not ready of those that the job waits for. */
static const char *awaited_by(const struct deploy *deploy, const struct job *job)
{
	for (size_t i = 0; i < job->action->waits_for_count; i++) {
		const struct job *needed = &deploy->jobs[job->action->waits_for[i]];

		if (needed->phase != JOB_READY)
			return needed->action->name;
	}
	return "its turn";
}

static struct progress_row row_of(const struct deploy *deploy, const struct job *job)
{
	struct progress_row row = { .name = job->action->name, .health = "", .since = job->since };

	if (job->phase == JOB_WAITING) {
		row.state = "waits for";
		row.health = awaited_by(deploy, job);
		row.since = 0;
	} else if (job->phase == JOB_CHECKED) {
		row.state = "running";
		row.health = "starting";
		row.deadline = job->deadline;
	} else {
		row.state = job->phase == JOB_STARTING ? "starting" : "stopping";
	}
	return row;
}

/* First what is being done, then who waits for that. */
static void draw(struct schedule *schedule)
{
	const struct deploy *deploy = schedule->deploy;
	struct progress_row *rows;
	size_t count = schedule->open_count;

	if (deploy->progress.draw_at == 0 || ct_monotonic() < deploy->progress.draw_at)
		return;
	rows = ct_alloc_array(deploy->plan->count, sizeof(*rows));
	for (size_t i = 0; i < count; i++)
		rows[i] = row_of(deploy, &deploy->jobs[schedule->open[i]]);
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (job_starts(&deploy->jobs[i]) && deploy->jobs[i].phase == JOB_WAITING)
			rows[count++] = row_of(deploy, &deploy->jobs[i]);
	}
	progress_draw(&schedule->deploy->progress, rows, count);
	free(rows);
}

/* Only when the index names all that will be, so that whoever reads this can look there. */
static void tell_kept(const struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->open_count; i++) {
		const struct job *job = &schedule->deploy->jobs[schedule->open[i]];

		if (job->kind == JOB_KEEP)
			deploy_line(schedule->deploy, job, "kept");
	}
}

static int run(struct schedule *schedule, struct ct_err *err)
{
	bool told = false;

	struct deploy *deploy = schedule->deploy;

	schedule->stored = !deploy_changes(deploy);
	while (!deploy->interrupted) {
		while (schedule->head < schedule->tail && schedule->active_count < MOST_AT_ONCE) {
			if (begin(schedule, &deploy->jobs[schedule->queue[schedule->head++]], err) < 0)
				return -1;
			settle(schedule);
		}
		if (store(schedule, err) < 0)
			return -1;
		if (!told)
			tell_kept(schedule);
		told = true;
		if (schedule->open_count == 0 && schedule->head == schedule->tail)
			return 0;
		draw(schedule);
		if (wait_for_open(schedule, err) < 0)
			return -1;
		settle(schedule);
	}
	return 0;
}

/*
 * Interrupted: nothing new is begun and nothing more is waited for, but those that are just coming up. They would
 * come up anyway, and until then nobody could stop them.
 */
static int run_out(struct schedule *schedule, struct ct_err *err)
{
	int64_t end = ct_monotonic() + COMING_UP;

	for (size_t i = 0; i < schedule->open_count; i++) {
		struct job *job = &schedule->deploy->jobs[schedule->open[i]];

		if (job->phase == JOB_CHECKED)
			readiness_end(schedule, job);
		if (job->phase != JOB_STARTING)
			job->phase = job->phase == JOB_CHECKED ? JOB_READY : JOB_SKIPPED;
	}
	progress_clear(&schedule->deploy->progress);
	schedule->deploy->progress.draw_at = 0;
	for (settle(schedule); schedule->open_count > 0 && ct_monotonic() < end; settle(schedule)) {
		for (size_t i = 0; i < schedule->open_count; i++)
			schedule->deploy->jobs[schedule->open[i]].deadline = end;
		if (wait_for_open(schedule, err) < 0)
			return -1;
	}
	return 0;
}

int deploy_schedule(struct deploy *deploy, struct ct_err *err)
{
	struct schedule schedule = {
		.deploy = deploy,
		.queue = ct_alloc_array(deploy->plan->count, sizeof(size_t)),
		.open = ct_alloc_array(deploy->plan->count, sizeof(size_t)),
		.watches = ct_alloc_array(deploy->plan->count + 2, sizeof(struct pollfd)),
		.inotify = -1,
	};
	int status;

	/* What is there already waits for nobody, whatever becomes of what it depends on. */
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].kind == JOB_KEEP)
			readiness_begin_kept(&schedule, &deploy->jobs[i]);
	}
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (job_starts(&deploy->jobs[i]) && deploy->jobs[i].action->waits_for_count == 0)
			schedule.queue[schedule.tail++] = i;
	}
	status = run(&schedule, err);
	if (status == 0 && deploy->interrupted)
		status = run_out(&schedule, err);
	progress_clear(&deploy->progress);
	if (schedule.inotify >= 0)
		close(schedule.inotify);
	free(schedule.queue);
	free(schedule.open);
	free(schedule.watches);
	return status;
}

/* The end of a container that this run has started; what its health was meanwhile does not matter. */
static int await_end(const struct job *job)
{
	struct report report;

	while (report_receive(job->report, &report)) {
		if (report.kind == REPORT_ENDED)
			return report.exit_code;
	}
	return CT_EXIT_SIGNAL_BASE + SIGKILL;
}

/* One after the other is enough: the order in which they end does not matter here. */
int deploy_wait(struct deploy *deploy)
{
	int status = deploy->failed ? CT_EXIT_FAILED : CT_EXIT_OK;
	size_t started = 0;
	int last = 0;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];

		if (job->phase != JOB_READY || job->report < 0 || job->ended)
			continue;
		started++;
		job->ended = true;
		last = job->exit_code = await_end(job);
		if (last != 0)
			status = CT_EXIT_FAILED;
	}
	return started == 1 && !deploy->failed ? last : status;
}
