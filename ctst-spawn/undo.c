/* --rollback: a run that fails leaves what it has found. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/launch.h"
#include "ctst-spawn/network/deployment.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/stop.h"
#include "ctst-spawn/supervise.h"

/* From here on what this run has made is what no index names: should we be killed, the next command ends it. */
static int store_as_found(struct deploy *deploy, struct ct_err *err)
{
	if (!deploy_changes(deploy))
		return 0;
	deploy->state->serial = deploy->serial;
	if (ct_state_store(deploy->project, deploy->state, err) < 0)
		return -1;
	deploy->serial = deploy->state->serial;
	return 0;
}

static void end_new(struct deploy *deploy)
{
	const struct ct_state_entry **entries = ct_alloc_array(deploy->plan->count, sizeof(*entries));
	struct ct_err problem = CT_ERR_INIT;
	size_t count = 0, stopped;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].launched)
			entries[count++] = &deploy->jobs[i].entry;
	}
	if (stop_containers(entries, count, SUPERVISE_STOP_SECONDS, &stopped, &problem) < 0)
		ct_err_report("ctst-spawn", &problem);
	for (size_t i = 0; i < count; i++) {
		problem = (struct ct_err)CT_ERR_INIT;
		if (container_remove(deploy->project, entries[i]->id, &problem) < 0)
			ct_err_report("ctst-spawn", &problem);
	}
	free(entries);
}

/* The pipe of its reports once it runs; -1 when it does not. */
static int start_old(const struct deploy *deploy, const struct ct_state_entry *old, struct ct_err *err)
{
	ct_autoclose int directory = container_directory_open(old->directory, err);
	ct_autoclose int reports = -1;
	struct report report;
	pid_t supervisor;

	if (directory < 0)
		return -1;
	reports = launch_supervisor(old->directory, directory, network_deployment_place(deploy, old), &supervisor, err);
	if (reports < 0)
		return -1;
	/* Its lock is now the supervisor's alone. */
	close(directory);
	directory = -1;
	if (!report_receive(reports, &report))
		return ct_fail(err, "R004", "its supervisor was killed before the command ran");
	if (report.kind == REPORT_STARTED)
		return 0;
	report_error(&report, err);
	return -1;
}

/* In the order of the plan, which is that of their start. Whether they become healthy again is theirs to show. */
static void start_all_old(struct deploy *deploy)
{
	for (size_t i = 0; i < deploy->plan->count; i++) {
		struct job *job = &deploy->jobs[i];
		struct ct_err problem = CT_ERR_INIT;

		if (!job->old_stopped)
			continue;
		if (container_end(deploy->project, job->old->id, &problem) == 0 &&
		    start_old(deploy, job->old, &problem) == 0) {
			progress_tell(&deploy->progress, job->action->name, "started as it was before", false);
			continue;
		}
		ct_err_context(&problem, "component '%s' cannot be started as it was", job->action->name);
		ct_err_report("ctst-spawn", &problem);
	}
}

/* One that was asked to stop when the run was interrupted is waited for, for it is started again. */
static void await_old(struct deploy *deploy)
{
	const struct ct_state_entry **entries = ct_alloc_array(deploy->plan->count, sizeof(*entries));
	struct ct_err problem = CT_ERR_INIT;
	size_t count = 0, stopped;

	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].old_stopped && deploy->jobs[i].old_supervisor >= 0)
			entries[count++] = deploy->jobs[i].old;
	}
	if (count > 0 && stop_containers(entries, count, SUPERVISE_STOP_SECONDS, &stopped, &problem) < 0)
		ct_err_report("ctst-spawn", &problem);
	free(entries);
}

int deploy_undo(struct deploy *deploy, struct ct_err *err)
{
	/* It may take as long as the containers take to stop. */
	ct_note("ctst-spawn", "undoing what this run has done (--rollback)");
	if (store_as_found(deploy, err) < 0)
		return -1;
	end_new(deploy);
	await_old(deploy);
	if (network_deployment_restore(deploy, err) < 0)
		return -1;
	start_all_old(deploy);
	ct_note("ctst-spawn", "what this run has done was undone (--rollback)");
	return 0;
}
