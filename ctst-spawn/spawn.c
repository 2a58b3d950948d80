/* ctst-spawn: a plan in, containers out. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "common/state.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/network/deployment.h"
#include "ctst-spawn/reconcile.h"

#define MOST_SECONDS 604800 /* a week */

static bool wait_exit, allow_unlimited, rollback, no_wait, lines;
static const char *output, *timeout;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 0, "wait-exit", NULL, "wait until the started containers have ended", &wait_exit },
	{ CT_OPTION_FLAG, 0, "no-wait", NULL, "wait only for the health of what others need", &no_wait },
	{ CT_OPTION_FLAG, 0, "rollback", NULL, "when a container fails, undo everything", &rollback },
	{ CT_OPTION_TEXT, 0, "timeout", "SECONDS", "how long each container may take to become healthy", &timeout },
	{ CT_OPTION_TEXT, 'o', "output", "json|ndjson", "print what was done: a document, or a line each as it happens",
	  &output },
	{ CT_OPTION_FLAG, 0, "allow-unlimited", NULL, "run without limits that cannot be enforced here",
	  &allow_unlimited },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-spawn",
	.synopsis = "[--allow-unlimited] [--no-wait] [--rollback] [--timeout SECONDS] [--wait-exit] [-o json|ndjson] < "
		    "PLAN",
	.summary = "make a plan come true: start, replace and remove containers",
	.options = options,
	.starts_containers = true,
};

static const char *result_of(const struct job *job)
{
	static const char *const results[] = {
		[JOB_KEEP] = "kept",         [JOB_START] = "started",  [JOB_REPLACE] = "replaced",
		[JOB_DESTROY] = "destroyed", [JOB_GONE] = "destroyed",
	};

	if (job->phase == JOB_FAILED)
		return "failed";
	return job->phase == JOB_SKIPPED ? "skipped" : results[job->kind];
}

static int print_result(const struct deploy *deploy, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_json_writer *writer = ct_json_writer_new(&text, false);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.result/1");
	ct_json_key(writer, "containers");
	ct_json_open_array(writer);
	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct job *job = &deploy->jobs[i];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "name", job->action->name);
		ct_json_member_string(writer, "id", job->entry.id[0] ? job->entry.id : job->old ? job->old->id : NULL);
		ct_json_member_string(writer, "result", result_of(job));
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	ct_buf_putc(&text, '\n');
	return ct_write_stdout(text.data, text.length, err);
}

/*
 * Signals are read from now on, so that none comes between two steps. SIGINT and SIGHUP stay ignored where somebody
 * has set them so: `ctst run` decides itself what Ctrl+C means.
 */
static int open_signals(sigset_t *signals)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action;

	sigemptyset(signals);
	sigaddset(signals, SIGWINCH);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(signals, numbers[i]);
	}
	if (sigprocmask(SIG_BLOCK, signals, NULL) < 0)
		return -1;
	return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int apply(struct deploy *deploy, struct ct_err *err)
{
	ct_autoclose int reader = -1;
	sigset_t signals;
	int status;

	deploy->lock = ct_state_lock(deploy->project, err);
	if (deploy->lock < 0 || reconcile(deploy->project, deploy->state, err) < 0 || deploy_decide(deploy, err) < 0 ||
	    deploy_check_sources(deploy, err) < 0)
		return -1;
	reader = open_signals(&signals);
	if (reader < 0)
		return ct_fail_errno(err, "R004", "cannot read signals");
	deploy->signals = reader;
	if (deploy_changes(deploy) && network_deployment_begin(deploy, err) < 0)
		return -1;
	status = deploy_run(deploy, err);
	network_deployment_end(deploy);
	if (status < 0)
		return -1;
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
	close(deploy->lock);
	deploy->lock = -1;
	if (deploy->interrupted && !deploy->rollback && !no_wait)
		ct_note(program.name, "interrupted: what was started goes on, and 'ctst run' does the rest");
	return output ? print_result(deploy, err) : 0;
}

static int run(struct ct_err *err)
{
	ct_autojson *doc = ct_json_read_document(STDIN_FILENO, "ctst.plan", 1, "P001", err);
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	struct plan plan;
	struct deploy deploy = { .project = &project,
				 .plan = &plan,
				 .state = &state,
				 .lock = -1,
				 .signals = -1,
				 .wait = wait_exit,
				 .rollback = rollback,
				 .leave_unneeded = no_wait,
				 .lines = lines,
				 .may_go_unlimited = allow_unlimited };
	int status;

	if (!doc || plan_read(ct_json_root(doc), &plan, err) < 0)
		return -1;
	deploy.limit = ct_option_number(&program, "timeout", timeout, 1, MOST_SECONDS, 0) * 1000000000;
	progress_init(&deploy.progress, !no_wait);
	file_limit_raise();
	status = ct_project_of_directory(&project, plan.project_directory, err);
	if (status == 0)
		status = apply(&deploy, err);
	if (status == 0)
		status = wait_exit && !deploy.interrupted ? deploy_wait(&deploy) : deploy_exit_status(&deploy);
	deploy_release(&deploy);
	plan_release(&plan);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand, status;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	if (operand != argc)
		ct_usage_error(&program, "unexpected operand '%s': the plan comes on standard input", argv[operand]);
	lines = output && strcmp(output, "ndjson") == 0;
	if (output && (lines || !ct_output_is_json(&program, output)))
		output = NULL;
	/* Whoever reads the lines may lose interest; the work goes on. */
	if (lines)
		signal(SIGPIPE, SIG_IGN);
	status = run(&err);
	if (status < 0) {
		if (output)
			ct_json_pass_failure(program.name, &err);
		return ct_err_report(program.name, &err);
	}
	return status;
}
