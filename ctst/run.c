/*
 * ctst run: ctst-parse FILE | ctst-image build | ctst-plan | ctst-spawn, and in
 * the foreground then the containers' output.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
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
	.synopsis = "[-d] [--allow-unlimited] [--insecure-loopback] [--locked] [--no-prune] [--publish-addr ADDRESS]\n"
		    "                [--rollback] [--strict-env] [--timeout SECONDS] [FILE]",
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
	stage_add(stage, detach || wait_until_ready ? NULL : "--no-wait");
}

/*
 * Waits for all stages. The first signal asks them to end, the second makes them. What they leave is
 * what any death of theirs may leave: the next command tidies it up. Returns the first signal, or 0.
 */
static int await_stages(struct pipeline *pipeline, int events)
{
	int interrupted = 0;

	while (pipeline_reap(pipeline) > 0) {
		int signal = events_next(events);

		if (signal == SIGCHLD)
			continue;
		pipeline_signal(pipeline, interrupted ? SIGKILL : SIGTERM);
		interrupted = interrupted ? interrupted : signal;
	}
	return interrupted;
}

/* Runs the pipeline. Returns the exit status of the first stage that failed and sets *interrupted to a signal that came. */
static int converge(struct pipeline *pipeline, int events, int *interrupted, struct ct_err *err)
{
	/* The last stage passes a failure on like the others; here is nobody to read it. */
	ct_autoclose int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int started = nowhere < 0 ? ct_fail_errno(err, "R004", "cannot open '/dev/null'")
				  : pipeline_start(pipeline, nowhere, err);

	*interrupted = await_stages(pipeline, events);
	if (started < 0) {
		(void)ct_err_report(program.name, err);
		/* Whatever the others made of it, the cause is ours. */
		return ct_err_exit_status(err);
	}
	return *interrupted ? CT_EXIT_SIGNAL_BASE + *interrupted : pipeline_status(pipeline);
}

/* Follows what runs; returns the exit status of the whole command. */
static int stay(const char *directory, int events, int status)
{
	struct outcome outcome;
	struct ct_err err = CT_ERR_INIT;
	int followed = follow(program.name, directory, events, &err);

	if (followed < 0)
		return ct_err_report(program.name, &err);
	if (status != 0 || followed != 0)
		return status ? status : followed;
	if (outcome_read(directory, &outcome, &err) < 0)
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
	struct pipeline pipeline = { .program = program.name };
	struct outcome before;
	struct ct_err err = CT_ERR_INIT;
	int status, interrupted;
	bool at_last;

	/* A directory that is not there, or a state that cannot be read: the stage concerned says it. */
	(void)outcome_read(directory, &before, &err);
	describe(&pipeline, file);
	status = converge(&pipeline, events, &interrupted, &err);
	at_last = pipeline_first_failure(&pipeline) >= LAST_STAGE;
	pipeline_release(&pipeline);
	if (detach || wait_until_ready)
		return status;
	/* One component could not be started, the rest goes on: it is shown, and the failure is not forgotten. */
	if (status != 0 && !interrupted && !(at_last && left_running(directory, before.serial)))
		return status;
	if (interrupted) {
		if (!left_running(directory, before.serial))
			return status;
		/* The stop that the signal asked for; its output is still wanted. */
		raise(SIGTERM);
	}
	return stay(directory, events, status);
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
