#include "ctst-spawn/health/checks.h"

#include <string.h>
#include <sys/ioctl.h>

#include "common/clock.h"
#include "ctst-spawn/health/history.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/supervise.h"

/* Whoever holds the other end of the reports may not read them now; there must be room for the end, at least. */
static bool is_read(int reports)
{
	int waiting = 0;

	return ioctl(reports, FIONREAD, &waiting) == 0 && waiting < 16 * (int)sizeof(struct report);
}

static void tell(struct supervisor *supervisor)
{
	bool healthy = supervisor->health.state == CT_HEALTH_HEALTHY;

	supervisor->status.health = supervisor->health.state;
	supervisor_write_status(supervisor);
	/* Who is told, and looks, finds it. */
	supervisor_event(supervisor, healthy ? CT_EVENT_HEALTHY : CT_EVENT_UNHEALTHY);
	if (is_read(SUPERVISE_REPORT_FD))
		report_send(SUPERVISE_REPORT_FD, healthy ? REPORT_HEALTHY : REPORT_UNHEALTHY, 0, NULL);
}

static bool judge(struct supervisor *supervisor, const struct probe_result *result)
{
	(void)history_add(supervisor->directory, &supervisor->probe, result);
	if (!health_judge(&supervisor->health, result->exit_code == 0, ct_monotonic()))
		return false;
	tell(supervisor);
	return supervisor->health.state == CT_HEALTH_UNHEALTHY;
}

void checks_begin(struct supervisor *supervisor)
{
	health_start(&supervisor->health, &supervisor->config.container.healthcheck, ct_monotonic());
	supervisor->status.health = supervisor->health.state;
}

int64_t checks_due(const struct supervisor *supervisor)
{
	return supervisor->probe.process ? supervisor->probe.overdue : supervisor->health.next;
}

static bool start(struct supervisor *supervisor)
{
	struct probe_target target = {
		.identity = &supervisor->identity,
		.group = supervisor->group,
		.timeout = supervisor->config.container.healthcheck.timeout_ms * MILLISECOND,
		.title = supervisor->title,
	};
	struct probe_result failure = { .exit_code = CT_EXIT_CANNOT_EXECUTE };
	struct probe *probe = &supervisor->probe;
	struct ct_err err = CT_ERR_INIT;

	if (probe_start(probe, &target, &err) == 0)
		return false;
	probe->length = strlen(err.message);
	memcpy(probe->text, err.message, probe->length);
	return judge(supervisor, &failure);
}

bool checks_on_time(struct supervisor *supervisor)
{
	if (!supervisor->probe.process)
		return start(supervisor);
	/* The processes that watch over the command hang themselves: it is frozen, or the machine is short of everything. */
	probe_end(&supervisor->probe);
	supervisor->probe.overdue = 0;
	return false;
}

bool checks_on_end(struct supervisor *supervisor)
{
	struct probe_result result;

	probe_finish(&supervisor->probe, &result);
	return judge(supervisor, &result);
}

void checks_end(struct supervisor *supervisor)
{
	probe_kill(&supervisor->probe);
	health_stop(&supervisor->health);
	supervisor->status.health = CT_HEALTH_NONE;
}
