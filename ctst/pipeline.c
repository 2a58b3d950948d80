#include "ctst/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/process.h"

struct stage *pipeline_stage(struct pipeline *pipeline, const char *tool)
{
	struct stage *stage = &pipeline->stages[pipeline->count++];

	*stage = (struct stage){ .tool = tool, .output = -1, .count = 1 };
	stage->arguments[0] = ct_asprintf("%s/%s", ct_libexec_directory(), tool);
	return stage;
}

void stage_add(struct stage *stage, const char *argument)
{
	if (argument && stage->count <= STAGE_ARGUMENTS)
		stage->arguments[stage->count++] = (char *)argument;
}

void stage_add_option(struct stage *stage, const char *name, const char *value)
{
	if (!value)
		return;
	stage_add(stage, name);
	stage_add(stage, value);
}

static int start_stage(struct stage *stage, bool tied, int input, int output, struct ct_err *err)
{
	pid_t pid = tied ? ct_process_start_tied(stage->arguments, input, output)
			 : ct_process_start(stage->arguments, input, output);

	if (pid < 0)
		return ct_fail_errno(err, "R004", "cannot start '%s'", stage->arguments[0]);
	stage->pid = pid;
	return 0;
}

int pipeline_start(struct pipeline *pipeline, int output, struct ct_err *err)
{
	ct_autoclose int input = -1;

	/* Telling a stage that has ended already must not end us. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < pipeline->count; i++) {
		struct stage *stage = &pipeline->stages[i];
		bool last = i + 1 == pipeline->count;
		int ends[2] = { -1, -1 };

		if (!last && pipe2(ends, O_CLOEXEC) < 0)
			return ct_fail_errno(err, "R004", "cannot make a pipe");
		stage->output = ends[1];
		if (start_stage(stage, pipeline->tied, input, last ? output : ends[1], err) < 0) {
			if (!last)
				close(ends[0]);
			return -1;
		}
		if (input >= 0)
			close(input);
		input = ends[0];
	}
	return 0;
}

static bool was_killed(const struct stage *stage)
{
	return WIFSIGNALED(stage->status) && WTERMSIG(stage->status) != SIGPIPE;
}

/* Says that a signal killed the stage, and tells the next stage that this has been said. */
static void tell_killed(struct pipeline *pipeline, const struct stage *stage)
{
	int number = WTERMSIG(stage->status);
	struct ct_err err = CT_ERR_INIT;

	/* One cause usually kills several (no memory left, a kill of the group): the first is enough. */
	if (!pipeline->told) {
		ct_fail(&err, "R004", "%s was killed by signal %d (%s)", stage->tool, number, strsignal(number));
		ct_err_report(pipeline->program, &err);
	}
	pipeline->told = true;
	if (stage->output >= 0)
		dprintf(stage->output,
			"{\"format\":\"ctst.failure/1\",\"stage\":\"%s\",\"code\":\"R004\",\"exit\":%d}\n", stage->tool,
			CT_EXIT_SIGNAL_BASE + number);
}

size_t pipeline_reap(struct pipeline *pipeline)
{
	size_t running = 0;

	for (size_t i = 0; i < pipeline->count; i++) {
		struct stage *stage = &pipeline->stages[i];

		if (stage->pid > 0 && waitpid(stage->pid, &stage->status, WNOHANG) == stage->pid) {
			stage->pid = 0;
			if (was_killed(stage))
				tell_killed(pipeline, stage);
		}
		if (stage->pid > 0) {
			running++;
		} else if (stage->output >= 0) {
			close(stage->output);
			stage->output = -1;
		}
	}
	return running;
}

void pipeline_signal(struct pipeline *pipeline, int signal)
{
	/* From here on a death by signal is our own doing and needs no message. */
	pipeline->told = true;
	for (size_t i = 0; i < pipeline->count; i++) {
		if (pipeline->stages[i].pid > 0)
			kill(pipeline->stages[i].pid, signal);
	}
}

size_t pipeline_first_failure(const struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++) {
		const struct stage *stage = &pipeline->stages[i];

		if (was_killed(stage) || (WIFEXITED(stage->status) && WEXITSTATUS(stage->status) != 0))
			return i;
	}
	return pipeline->count;
}

int pipeline_status(const struct pipeline *pipeline)
{
	size_t failed = pipeline_first_failure(pipeline);
	int status;

	if (failed == pipeline->count)
		return CT_EXIT_OK;
	status = pipeline->stages[failed].status;
	return WIFSIGNALED(status) ? CT_EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

void pipeline_release(struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++) {
		if (pipeline->stages[i].output >= 0)
			close(pipeline->stages[i].output);
		free(pipeline->stages[i].arguments[0]);
	}
}
