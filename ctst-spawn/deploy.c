#include "ctst-spawn/deploy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

void deploy_progress(const struct deploy *deploy, const char *name, const char *what)
{
	if (deploy->show_progress)
		fprintf(stderr, "%s %s\n", name, what);
}

void deploy_job_failed(struct deploy *deploy, struct job *job, const struct ct_err *err)
{
	struct ct_err told = *err;

	job->phase = JOB_FAILED;
	deploy->failed = true;
	ct_err_context(&told, "component '%s'", job->action->name);
	ct_err_report("ctst-spawn", &told);
}

static bool starts(const struct job *job)
{
	return job->kind == JOB_START || job->kind == JOB_REPLACE;
}

/* What the index says of the new container; its directory is made when its turn comes. */
static void name_entry(struct deploy *deploy, struct job *job)
{
	const struct action *action = job->action;

	ct_new_id(job->entry.id);
	job->entry.name = (char *)(uintptr_t)action->name;
	job->entry.created_at = deploy->created_at;
	job->entry.image = (char *)(uintptr_t)action->image;
	job->entry.config_digest = (char *)(uintptr_t)action->config_digest;
	job->entry.directory = ct_asprintf("%s/%s", deploy->project->containers, job->entry.id);
}

/* Which entries of the state the plan speaks of: one flag each, owned by the caller. */
static bool *find_planned(const struct deploy *deploy)
{
	bool *planned = ct_alloc_array(deploy->state->count, sizeof(*planned));

	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].old)
			planned[deploy->jobs[i].old - deploy->state->entries] = true;
	}
	return planned;
}

/*
 * The index as it is to be. It is written once, as early as possible: after a crash the next
 * command finds in it all that was meant to be, and removes every container directory
 * that it does not name, such as those of containers that were being replaced.
 */
static void build_state(const struct deploy *deploy, struct ct_state *state)
{
	ct_autofree bool *planned = find_planned(deploy);

	*state = (struct ct_state){ .serial = deploy->serial };
	memcpy(state->lineage, deploy->state->lineage, sizeof(state->lineage));
	/* Not in the plan at all (--no-prune): they stay, in front. */
	for (size_t i = 0; i < deploy->state->count; i++) {
		if (!planned[i])
			ct_state_add(state, &deploy->state->entries[i]);
	}
	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct job *job = &deploy->jobs[i];

		if (job->kind == JOB_KEEP || (job->kind == JOB_REPLACE && job->phase == JOB_SKIPPED))
			ct_state_add(state, job->old);
		else if (starts(job) && job->phase != JOB_SKIPPED)
			ct_state_add(state, &job->entry);
	}
}

int deploy_store(struct deploy *deploy, struct ct_err *err)
{
	ct_autostate state = CT_STATE_INIT;

	build_state(deploy, &state);
	if (ct_state_store(deploy->project, &state, err) < 0)
		return -1;
	deploy->serial = state.serial;
	memcpy(deploy->state->lineage, state.lineage, sizeof(state.lineage));
	return 0;
}

static int destroy_all(struct deploy *deploy, struct ct_err *err)
{
	const struct ct_state_entry **entries = ct_alloc_array(deploy->plan->count, sizeof(*entries));
	size_t count = 0, stopped;
	int status;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].kind == JOB_DESTROY)
			entries[count++] = deploy->jobs[i].old;
	}
	status = stop_containers(entries, count, SUPERVISE_STOP_SECONDS, &stopped, err);
	for (size_t i = 0; status == 0 && i < count; i++) {
		deploy_progress(deploy, entries[i]->name, "removed");
		status = container_remove(deploy->project, entries[i]->id, err);
	}
	free(entries);
	return status;
}

/* A container that was not started since another failed leaves nothing behind. */
static int drop_skipped(struct deploy *deploy, struct ct_err *err)
{
	bool any = false;

	for (size_t i = 0; i < deploy->plan->count; i++)
		any = any || (starts(&deploy->jobs[i]) && deploy->jobs[i].phase == JOB_SKIPPED);
	if (!any)
		return 0;
	if (deploy_store(deploy, err) < 0)
		return -1;
	for (size_t i = 0; i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];

		if (!starts(job) || job->phase != JOB_SKIPPED)
			continue;
		if (container_remove(deploy->project, job->entry.id, err) < 0)
			return -1;
	}
	return 0;
}

static int store_first(struct deploy *deploy, struct ct_err *err)
{
	if (ct_state_store(deploy->project, deploy->state, err) < 0)
		return -1;
	deploy->serial = deploy->state->serial;
	return 0;
}

int deploy_run(struct deploy *deploy, struct ct_err *err)
{
	deploy->serial = deploy->state->serial;
	ct_format_time(ct_now(), deploy->created_at);
	/* The first index is there before the first container: see check_not_lost() in reconcile.c. */
	if (!deploy->state->lineage[0] && store_first(deploy, err) < 0)
		return -1;
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (starts(&deploy->jobs[i]))
			name_entry(deploy, &deploy->jobs[i]);
	}
	if (deploy_schedule(deploy, err) < 0 || destroy_all(deploy, err) < 0)
		return -1;
	return drop_skipped(deploy, err);
}

void deploy_release(struct deploy *deploy)
{
	for (size_t i = 0; deploy->jobs && i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];
		int fds[] = { job->report, job->old_supervisor };

		for (size_t j = 0; j < sizeof(fds) / sizeof(fds[0]); j++) {
			if (fds[j] >= 0)
				close(fds[j]);
		}
		free(job->entry.directory);
		free(job->dependents);
	}
	free(deploy->jobs);
	deploy->jobs = NULL;
}
