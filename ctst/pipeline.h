/*
 * A pipeline of the project's own tools, as a shell would make it, except that a
 * failure is told once and exactly.
 *
 * A stage that fails sends a ctst.failure document to the next one, which then
 * says nothing (common/json.h). One that a signal kills can send nothing, so
 * this process keeps a copy of each pipe's write end until the stage has ended and
 * sends the document in its place.
 *
 * The caller: 1. pipeline_stage() and stage_add() for each stage, in order;
 * 2. pipeline_start(); 3. pipeline_reap() after each SIGCHLD until nothing runs;
 * 4. pipeline_status().
 */
#ifndef CTST_PIPELINE_H
#define CTST_PIPELINE_H

#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

#define PIPELINE_STAGES 4
#define STAGE_ARGUMENTS 15

struct stage {
	const char *tool;                     /* "ctst-parse" */
	char *arguments[STAGE_ARGUMENTS + 2]; /* the path, owned, then pointers into argv */
	size_t count;
	pid_t pid;  /* 0: has not been started, or has ended and been collected */
	int output; /* our copy of the write end of its pipe; -1: none */
	int status; /* as of waitpid(2) */
};

struct pipeline {
	const char *program; /* who speaks when a stage was killed */
	struct stage stages[PIPELINE_STAGES];
	size_t count;
	_Bool tied; /* the stages are asked to end when this process does */
	_Bool told; /* a message about a killed stage has been printed */
};

/* The next stage; the pipeline owns it. `tool` must stay. At most PIPELINE_STAGES. */
struct stage *pipeline_stage(struct pipeline *pipeline, const char *tool);

/* Up to STAGE_ARGUMENTS; the text must stay. NULL is ignored. */
void stage_add(struct stage *stage, const char *argument);
/* "--name" and its value, when there is one. */
void stage_add_option(struct stage *stage, const char *name, const char *value);

/*
 * Starts all stages; the last one writes to `output` (-1: this process's stdout). SIGCHLD must be blocked.
 * -1: R004, one could not be started; those that were end by themselves and must still be reaped.
 */
int pipeline_start(struct pipeline *pipeline, int output, struct ct_err *err);

/* Collects the stages that have ended. Returns how many still run. */
size_t pipeline_reap(struct pipeline *pipeline);

/* Sends the signal to every stage that still runs. */
void pipeline_signal(struct pipeline *pipeline, int signal);

/*
 * The exit status of the first stage that failed: its own, or 128 + the signal that killed it. SIGPIPE is no
 * failure of the stage it kills: whoever closed the pipe has failed, or needed no more.
 */
int pipeline_status(const struct pipeline *pipeline);

/* The first stage that failed in that sense; `count` when none did. */
size_t pipeline_first_failure(const struct pipeline *pipeline);

void pipeline_release(struct pipeline *pipeline);

#endif
