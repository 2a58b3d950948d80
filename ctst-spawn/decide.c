#include <string.h>

#include "common/buf.h"
#include "common/names.h"
#include "common/status.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/rotation.h"

/* The last attempt failed or was interrupted before its command ran: applying the plan again is another attempt. */
static bool never_started(const struct ct_state_entry *there)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	return ct_status_read(there->directory, &status, &ignored) < 0 ||
	       ((!status.alive || status.state == CT_FAILED) && status.started_at == 0);
}

static bool is_alive(const struct ct_state_entry *there)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	/* A supervisor that has written how its container ended is about to go. */
	return ct_status_read(there->directory, &status, &ignored) == 0 && status.alive && status.state != CT_STOPPED &&
	       status.state != CT_FAILED;
}

/* Plans know no secrets, so it is found out here that a container has to be replaced for one. */
static bool has_old_secrets(const struct ct_state_entry *there, const struct action *action)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	return ct_status_read(there->directory, &status, &ignored) == 0 && status.alive &&
	       secrets_have_changed(action->container, &status.supervisor);
}

/*
 * A plan may be applied a second time, and the state may have moved on since it was
 * made. What it wants is compared with what is there: wanted and there is kept, gone
 * and to be destroyed is fine, anything else the plan did not foresee is refused. What was to be started
 * anew because it did not run, and runs by now, was about to be started when the plan was made.
 */
static int decide(const struct deploy *deploy, const struct action *action, const struct ct_state_entry *there,
		  struct job *job, struct ct_err *err)
{
	bool as_wanted = there && action->config_digest && strcmp(there->config_digest, action->config_digest) == 0;
	bool as_planned = there && action->id && strcmp(there->id, action->id) == 0;

	job->old = there;
	if (action->kind == ACTION_CREATE && !there)
		job->kind = JOB_START;
	else if (action->kind == ACTION_REPLACE && as_planned && !(as_wanted && is_alive(there)))
		job->kind = JOB_REPLACE;
	else if (action->kind == ACTION_DESTROY)
		job->kind = as_planned ? JOB_DESTROY : JOB_GONE;
	else if (as_wanted)
		job->kind = never_started(there) || has_old_secrets(there, action) ? JOB_REPLACE : JOB_KEEP;
	else {
		ct_fail(err, "P002", "the plan was made against another state (serial %lld, now %lld): '%s' %s",
			(long long)deploy->plan->state_serial, (long long)deploy->state->serial, action->name,
			there ? "is another container now" : "is not there any more");
		return ct_err_hint(err, "make the plan again: 'ctst plan' shows it, 'ctst run' makes and applies it");
	}
	return 0;
}

static void link_dependents(struct deploy *deploy)
{
	const struct plan *plan = deploy->plan;

	for (size_t i = 0; i < plan->count; i++) {
		for (size_t j = 0; j < plan->actions[i].waits_for_count; j++)
			deploy->jobs[plan->actions[i].waits_for[j]].dependents_count++;
	}
	for (size_t i = 0; i < plan->count; i++) {
		deploy->jobs[i].dependents = ct_alloc_array(deploy->jobs[i].dependents_count, sizeof(size_t));
		deploy->jobs[i].dependents_count = 0;
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct action *action = &plan->actions[i];

		deploy->jobs[i].missing = action->waits_for_count;
		for (size_t j = 0; j < action->waits_for_count; j++) {
			struct job *needed = &deploy->jobs[action->waits_for[j]];

			needed->dependents[needed->dependents_count++] = i;
		}
	}
}

int deploy_decide(struct deploy *deploy, struct ct_err *err)
{
	const struct plan *plan = deploy->plan;
	ct_autonames names = CT_NAMES_INIT;
	int status = 0;

	deploy->jobs = ct_alloc_array(plan->count, sizeof(*deploy->jobs));
	for (size_t i = 0; i < deploy->state->count; i++)
		ct_names_add(&names, ct_slice_of(deploy->state->entries[i].name), (uint32_t)i, NULL);
	for (size_t i = 0; i < plan->count; i++)
		deploy->jobs[i] = (struct job){
			.action = &plan->actions[i], .report = -1, .old_supervisor = -1, .watch = -1
		};
	for (size_t i = 0; status == 0 && i < plan->count; i++) {
		uint32_t found = ct_names_find(&names, ct_slice_of(plan->actions[i].name));
		const struct ct_state_entry *there = found == CT_NAME_UNKNOWN ? NULL : &deploy->state->entries[found];

		status = decide(deploy, &plan->actions[i], there, &deploy->jobs[i], err);
	}
	if (status == 0)
		link_dependents(deploy);
	return status;
}

bool deploy_changes(const struct deploy *deploy)
{
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].kind != JOB_KEEP && deploy->jobs[i].kind != JOB_GONE)
			return true;
	}
	return false;
}
