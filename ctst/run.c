/*
 * ctst run: ctst-parse FILE | ctst-image build | ctst-plan | ctst-spawn, and in
 * the foreground then the containers' output.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/file.h"
#include "common/options.h"
#include "common/project.h"
#include "ctst/events.h"
#include "ctst/follow.h"
#include "ctst/outcome.h"
#include "ctst/pipeline.h"

#define LAST_STAGE 3 /* ctst-spawn; the ones before it change no container */

static bool allow_unlimited, detach, wait_until_ready, keep_others, strict_env, locked, insecure_loopback, rollback;
static const char *publish_address, *timeout;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'd', "detach", NULL, "return when every component is started and healthy", &detach },
	{ CT_OPTION_FLAG, 0, "wait", NULL, "the same as -d", &wait_until_ready },
	{ CT_OPTION_FLAG, 0, "allow-unlimited", NULL, "run without limits that cannot be enforced here",
	  &allow_unlimited },
	{ CT_OPTION_FLAG, 0, "no-prune", NULL, "leave containers alone that FILE no longer names", &keep_others },
	{ CT_OPTION_FLAG, 0, "locked", NULL, "refuse an image whose source has changed", &locked },
	{ CT_OPTION_FLAG, 0, "insecure-loopback", NULL, "use http:// for registries of this host", &insecure_loopback },
	{ CT_OPTION_FLAG, 0, "rollback", NULL, "when a component fails, undo what this run has done", &rollback },
	{ CT_OPTION_TEXT, 0, "timeout", "SECONDS", "how long each component may take to become healthy", &timeout },
	{ CT_OPTION_FLAG, 0, "strict-env", NULL, "an undefined ${env.NAME} is an error", &strict_env },
	{ CT_OPTION_TEXT, 0, "publish-addr", "ADDRESS", "bind exposed ports to ADDRESS", &publish_address },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-run",
	.synopsis = "[-d] [--allow-unlimited] [--insecure-loopback] [--locked] [--no-prune] [--publish-addr ADDRESS] "
		    "[--rollback] [--strict-env] [--timeout SECONDS] [FILE]",
	.summary = "bring up what a .ctst file describes",
	.details = "FILE defaults to " CT_DEFAULT_FILE "; '-' is standard input.",
	.options = options,
	.starts_containers = true,
};

static void describe(struct pipeline *pipeline, const char *file)
{
	struct stage *stage = pipeline_stage(pipeline, "ctst-parse");

	stage_add(stage, file);
	stage = pipeline_stage(pipeline, "ctst-image");
	stage_add(stage, "build");
	stage_add(stage, locked ? "--locked" : NULL);
	stage_add(stage, insecure_loopback ? "--insecure-loopback" : NULL);
	stage = pipeline_stage(pipeline, "ctst-plan");
	stage_add(stage, "-o");
	stage_add(stage, "json");
	stage_add(stage, keep_others ? "--no-prune" : NULL);
	stage_add(stage, strict_env ? "--strict-env" : NULL);
	stage_add_option(stage, "--publish-addr", publish_address);
	stage = pipeline_stage(pipeline, "ctst-spawn");
	stage_add(stage, allow_unlimited ? "--allow-unlimited" : NULL);
	stage_add(stage, rollback ? "--rollback" : NULL);
	stage_add_option(stage, "--timeout", timeout);
	/* In the foreground everybody can see what becomes of the others. */
	if (detach || wait_until_ready)
		return;
	stage_add(stage, "--no-wait");
	stage_add_option(stage, "-o", "ndjson");
}

#define SHOW_AFTER_MS \
	100 /* a run that takes longer than this from its first container shows what that says meanwhile */

/* What this process waits for while the stages work. */
struct work {
	struct pipeline pipeline;
	struct following following;
	int events;
	int progress;    /* lines of ctst-spawn; -1: not read any more, or by ctst-logs */
	int64_t show_at; /* ct_monotonic() time; 0: not yet, or done */
	int interrupted; /* the first signal, or 0 */
};

/* Drops what ctst-spawn says: that it says something means that there are containers. */
static void read_progress(struct work *work)
{
	char lines[4096];
	ssize_t got = read(work->progress, lines, sizeof(lines));

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		close(work->progress);
		work->progress = -1;
	} else if (work->show_at == 0) {
		work->show_at = ct_monotonic() + (int64_t)SHOW_AFTER_MS * 1000000;
	}
}

/* From here on ctst-logs reads what ctst-spawn says. Where it cannot be started, all is shown at the end. */
static void show_meanwhile(struct work *work)
{
	struct ct_err ignored = CT_ERR_INIT;

	work->show_at = 0;
	if (follow_start(&work->following, work->progress, &ignored) < 0)
		return;
	close(work->progress);
	work->progress = -1;
}

static int wait_for_event(struct work *work)
{
	struct pollfd watches[] = { { .fd = work->events, .events = POLLIN },
				    { .fd = work->progress, .events = POLLIN } };
	bool is_due = work->show_at != 0 && work->progress >= 0 && work->interrupted == 0;
	int64_t left = is_due ? (work->show_at - ct_monotonic()) / 1000000 + 1 : -1;

	if (is_due && left <= 0) {
		show_meanwhile(work);
		return 0;
	}
	if (poll(watches, 2, (int)left) > 0 && watches[1].revents)
		read_progress(work);
	return events_poll(work->events);
}

/*
 * Waits for all stages. The first signal asks them to end, the second makes them. What they leave is
 * what any death of theirs may leave: the next command tidies it up.
 */
static void await_stages(struct work *work)
{
	while (pipeline_reap(&work->pipeline) > 0) {
		int signal = wait_for_event(work);

		if (signal == SIGCHLD && follow_has_failed(&work->following))
			signal = SIGTERM;
		if (signal == 0 || signal == SIGCHLD)
			continue;
		pipeline_signal(&work->pipeline, work->interrupted ? SIGKILL : SIGTERM);
		work->interrupted = work->interrupted ? work->interrupted : signal;
	}
}

/*
 * Runs the pipeline. Returns the exit status of the first stage that failed. The last stage passes a failure on
 * like the others, and here is nobody who would want it.
 */
static int converge(struct work *work, struct ct_err *err)
{
	int ends[2] = { -1, -1 };
	int started;

	if (pipe2(ends, O_CLOEXEC) < 0)
		started = ct_fail_errno(err, "R004", "cannot make a pipe");
	else
		started = pipeline_start(&work->pipeline, ends[1], err);
	if (ends[1] >= 0)
		close(ends[1]);
	work->progress = ends[0];
	await_stages(work);
	if (work->progress >= 0)
		close(work->progress);
	if (started < 0) {
		(void)ct_err_report(program.name, err);
		/* Whatever the others made of it, the cause is ours. */
		return ct_err_exit_status(err);
	}
	return work->interrupted ? CT_EXIT_SIGNAL_BASE + work->interrupted : pipeline_status(&work->pipeline);
}

/* Follows what runs; returns the exit status of the whole command. */
static int stay(struct work *work, int status)
{
	struct outcome outcome;
	struct ct_err err = CT_ERR_INIT;
	int followed = follow(&work->following, work->events, &err);

	if (followed < 0)
		return ct_err_report(program.name, &err);
	if (status != 0 || followed != 0)
		return status ? status : followed;
	if (outcome_read(work->following.directory, &outcome, &err) < 0)
		return ct_err_report(program.name, &err);
	return outcome_exit_status(&outcome);
}

/* Whether this run has changed something and left it running. */
static bool left_running(const char *directory, int64_t serial_before)
{
	struct outcome outcome;
	struct ct_err ignored = CT_ERR_INIT;

	return outcome_read(directory, &outcome, &ignored) == 0 && outcome.serial != serial_before && outcome.alive > 0;
}

static int run(const char *file, int events)
{
	ct_autofree char *directory = outcome_directory_of(file);
	struct work work = { .pipeline = { .program = program.name },
			     .following = { .program = program.name, .directory = directory },
			     .events = events,
			     .progress = -1 };
	struct outcome before;
	struct ct_err err = CT_ERR_INIT;
	bool at_last;
	int status;

	/* A directory that is not there, or a state that cannot be read: the stage concerned says it. */
	(void)outcome_read(directory, &before, &err);
	describe(&work.pipeline, file);
	status = converge(&work, &err);
	at_last = pipeline_first_failure(&work.pipeline) >= LAST_STAGE;
	pipeline_release(&work.pipeline);
	if (detach || wait_until_ready)
		return status;
	/* One component could not be started, the rest goes on: it is shown, and the failure is not forgotten. */
	if ((status != 0 && !work.interrupted && !(at_last && left_running(directory, before.serial))) ||
	    (work.interrupted && !left_running(directory, before.serial))) {
		follow_abandon(&work.following);
		return status;
	}
	/* The stop that the signal asked for; its output is still wanted. */
	if (work.interrupted)
		raise(SIGTERM);
	return stay(&work, status);
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int first, events;

	ct_open_standard_descriptors();
	first = ct_options_parse(&program, argc, argv);
	(void)ct_option_number(&program, "timeout", timeout, 1, 604800, 0);
	if (argc - first > 1)
		ct_usage_error(&program, "one FILE, not %d", argc - first);
	events = events_open(true, &err);
	if (events < 0)
		return ct_err_report(program.name, &err);
	return run(first < argc ? argv[first] : CT_DEFAULT_FILE, events);
}
