#include "ctst-spawn/deploy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "ctst-spawn/ports.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

/* Best effort: whoever does not read it any more does not want to know. */
void deploy_line(const struct deploy *deploy, const struct job *job, const char *what)
{
	ct_autobuf line = CT_BUF_INIT;
	struct ct_json_writer *writer;
	struct ct_err ignored = CT_ERR_INIT;

	if (!deploy->lines)
		return;
	writer = ct_json_writer_new(&line, false);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.progress/1");
	ct_json_member_string(writer, "name", job->action->name);
	ct_json_member_string(writer, "id", job->entry.id[0] ? job->entry.id : job->old ? job->old->id : NULL);
	ct_json_member_string(writer, "result", what);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, &ignored) < 0)
		return;
	ct_buf_putc(&line, '\n');
	(void)ct_write_all(STDOUT_FILENO, line.data, line.length);
}

void deploy_job_failed(struct deploy *deploy, struct job *job, const struct ct_err *err)
{
	struct ct_err told = *err;

	job->phase = JOB_FAILED;
	deploy->failed = true;
	deploy_line(deploy, job, "failed");
	progress_clear(&deploy->progress);
	ct_err_context(&told, "component '%s'", job->action->name);
	ct_err_report("ctst-spawn", &told);
}

bool job_starts(const struct job *job)
{
	return job->kind == JOB_START || job->kind == JOB_REPLACE;
}

static char *ports_of(const struct ct_json *container)
{
	struct ct_buf text = CT_BUF_INIT;

	ports_append(&text, container);
	return ct_buf_detach(&text);
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
	job->entry.network = (char *)(uintptr_t)ct_json_get_string(action->container, "network");
	job->entry.ports = ports_of(action->container);
	job->entry.addresses = action->addresses;
	job->entry.address_count = action->address_count;
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

/* An action that is yet to make its container. */
static bool may_still_start(const struct job *job)
{
	return job->phase != JOB_SKIPPED && job->phase != JOB_FAILED;
}

static void add_job(struct ct_state *state, const struct job *job, bool end)
{
	struct ct_state_entry entry = job->entry;

	if (job->launched) {
		ct_state_add(state, &entry);
	} else if (!end && may_still_start(job)) {
		entry.replaces = (struct ct_state_entry *)(uintptr_t)job->old;
		ct_state_add(state, &entry);
	} else if (job->kind == JOB_REPLACE) {
		ct_state_add(state, job->old);
	}
}

/*
 * The index as it is to be, or at the end as it has become. It is written early and once: after a crash the next
 * command finds in it all that was meant to be, drops what has not come to be, finds what was not replaced yet in its
 * place, and removes every container directory that the index does not name.
 */
static void build_state(const struct deploy *deploy, bool end, struct ct_state *state)
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

		if (job->kind == JOB_KEEP || (job->kind == JOB_DESTROY && !deploy->destroyed))
			ct_state_add(state, job->old);
		else if (job_starts(job))
			add_job(state, job, end);
	}
}

int deploy_store(struct deploy *deploy, bool end, struct ct_err *err)
{
	ct_autostate state = CT_STATE_INIT;

	build_state(deploy, end, &state);
	if (ct_state_store(deploy->project, &state, err) < 0)
		return -1;
	deploy->serial = state.serial;
	memcpy(deploy->state->lineage, state.lineage, sizeof(state.lineage));
	return 0;
}

/* They stay in the index, and in their order, until all of them have ended. */
static int stop_destroyed(struct deploy *deploy, struct ct_err *err)
{
	const struct ct_state_entry **entries = ct_alloc_array(deploy->plan->count, sizeof(*entries));
	size_t count = 0, stopped;
	int status;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].kind != JOB_DESTROY)
			continue;
		entries[count++] = deploy->jobs[i].old;
		progress_wait(&deploy->progress, "stopping '%s', which the file does not name any more",
			      deploy->jobs[i].action->name);
	}
	status = stop_containers(entries, count, SUPERVISE_STOP_SECONDS, &stopped, err);
	deploy->destroyed = status == 0;
	free(entries);
	return status;
}

/* Whether the index still says what has not come to be, or is no more. */
static bool is_outdated(const struct deploy *deploy)
{
	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct job *job = &deploy->jobs[i];

		if (job->kind == JOB_DESTROY ? deploy->destroyed : job_starts(job) && !job->launched)
			return true;
	}
	return false;
}

/* What the index does not name any more. One that cannot be removed is left to the next command. */
static void remove_old(struct deploy *deploy)
{
	for (size_t i = 0; i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];
		bool replaced = job->kind == JOB_REPLACE && job->launched;
		struct ct_err problem = CT_ERR_INIT;

		if (!replaced && !(job->kind == JOB_DESTROY && deploy->destroyed))
			continue;
		if (job->kind == JOB_DESTROY)
			progress_tell(&deploy->progress, job->action->name, "removed", false);
		if (container_remove(deploy->project, job->old->id, &problem) < 0)
			ct_warn("ctst-spawn", "component '%s': %s", job->action->name, problem.message);
	}
}

static int store_first(struct deploy *deploy, struct ct_err *err)
{
	if (ct_state_store(deploy->project, deploy->state, err) < 0)
		return -1;
	deploy->serial = deploy->state->serial;
	return 0;
}

/* The rest of a run whose containers have been started: what it removes comes last. */
static int finish(struct deploy *deploy, struct ct_err *err)
{
	if (deploy->rollback && (deploy->failed || deploy->interrupted))
		return deploy_undo(deploy, err);
	if (!deploy->interrupted && stop_destroyed(deploy, err) < 0)
		return -1;
	if (is_outdated(deploy) && deploy_store(deploy, true, err) < 0)
		return -1;
	remove_old(deploy);
	return 0;
}

int deploy_run(struct deploy *deploy, struct ct_err *err)
{
	deploy->serial = deploy->state->serial;
	ct_format_time(ct_now(), deploy->created_at);
	/* The first index is there before the first container: see check_not_lost() in reconcile.c. */
	if (!deploy->state->lineage[0] && deploy_changes(deploy) && store_first(deploy, err) < 0)
		return -1;
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (job_starts(&deploy->jobs[i]))
			name_entry(deploy, &deploy->jobs[i]);
	}
	if (deploy_schedule(deploy, err) < 0)
		return -1;
	return finish(deploy, err);
}

int deploy_exit_status(const struct deploy *deploy)
{
	const struct job *only = NULL;
	size_t count = 0;

	if (deploy->interrupted)
		return CT_EXIT_SIGNAL_BASE + deploy->interrupted;
	if (!deploy->failed)
		return CT_EXIT_OK;
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->plan->actions[i].kind == ACTION_DESTROY)
			continue;
		only = &deploy->jobs[i];
		count++;
	}
	/* As a shell would say it of the one command there is. */
	if (count == 1 && (only->exit_code == CT_EXIT_CANNOT_EXECUTE || only->exit_code == CT_EXIT_NO_COMMAND))
		return only->exit_code;
	return CT_EXIT_FAILED;
}

void deploy_release(struct deploy *deploy)
{
	for (size_t i = 0; deploy->jobs && i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];
		const int fds[] = { job->report, job->old_supervisor };

		for (size_t j = 0; j < sizeof(fds) / sizeof(fds[0]); j++) {
			if (fds[j] >= 0)
				close(fds[j]);
		}
		free(job->entry.ports);
		free(job->entry.directory);
		free(job->dependents);
	}
	free(deploy->jobs);
	deploy->jobs = NULL;
}
