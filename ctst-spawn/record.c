/* What is written down of a container's life: what is true now, and what has happened. */
#include <signal.h>
#include <stdio.h>

#include "common/clock.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/supervise.h"
#include "ctst-spawn/supervisor.h"

#define RETRY (1 * SECOND)

void supervisor_write_status(struct supervisor *supervisor)
{
	bool written = ct_status_write(supervisor->directory, &supervisor->status) == 0;

	supervisor->write_again_at = written ? 0 : ct_monotonic() + RETRY;
}

void supervisor_event(const struct supervisor *supervisor, enum ct_event_kind kind)
{
	bool ended = kind == CT_EVENT_DIED || kind == CT_EVENT_STOPPED;
	struct ct_event event = {
		.kind = kind,
		.id = supervisor->config.id,
		.name = supervisor->config.container.name,
		.image = supervisor->config.container.image,
		.exit_code = ended ? supervisor->status.exit_code : -1,
		.oom_killed = ended && supervisor->status.oom_killed,
		.restarts = supervisor->status.restarts,
	};

	if (event.id)
		(void)ct_event_append(supervisor->config.project_directory, &event);
}

/* Somebody in the group was killed for its memory since the last end, and this is how such a command ends. */
static bool was_killed_for_memory(struct supervisor *supervisor)
{
	int64_t before = supervisor->oom_kills;

	supervisor->oom_kills = cgroup_oom_kills(supervisor->cgroup);
	return supervisor->exit_code == CT_EXIT_SIGNAL_BASE + SIGKILL && supervisor->oom_kills > before;
}

static void record_end(struct supervisor *supervisor, enum ct_run_state state)
{
	struct ct_status *status = &supervisor->status;

	status->state = state;
	status->exit_code = supervisor->exit_code;
	status->oom_killed = was_killed_for_memory(supervisor);
	status->finished_at = ct_now();
	status->init.pid = 0;
	status->health = CT_HEALTH_NONE;
	supervisor_write_status(supervisor);
}

void supervisor_record_restart(struct supervisor *supervisor)
{
	record_end(supervisor, CT_RESTARTING);
	supervisor_event(supervisor, CT_EVENT_DIED);
}

/* Whoever waits for it is told between the two files: the status is what it may read next. */
void supervisor_record_end(struct supervisor *supervisor)
{
	supervisor->status.cgroup[0] = '\0';
	record_end(supervisor, supervisor->stop_asked || supervisor->exit_code == 0 ? CT_STOPPED : CT_FAILED);
	report_send(SUPERVISE_REPORT_FD, REPORT_ENDED, supervisor->exit_code, NULL);
	supervisor_event(supervisor, supervisor->stop_asked ? CT_EVENT_STOPPED : CT_EVENT_DIED);
}

void supervisor_record_failure(struct supervisor *supervisor, int exit_code, const struct ct_err *err)
{
	struct ct_status *status = &supervisor->status;

	status->cgroup[0] = '\0';
	status->state = supervisor->stop_asked ? CT_STOPPED : CT_FAILED;
	status->exit_code = exit_code;
	status->finished_at = ct_now();
	status->init.pid = 0;
	status->health = CT_HEALTH_NONE;
	snprintf(status->error, sizeof(status->error), "%s", err->message);
	supervisor_write_status(supervisor);
	report_send(SUPERVISE_REPORT_FD, supervisor->reported ? REPORT_ENDED : REPORT_FAILED, exit_code, err);
	supervisor_event(supervisor, supervisor->stop_asked ? CT_EVENT_STOPPED : CT_EVENT_DIED);
}
