/* What is written down of a container's life: what is true now, and what has happened. */
#include "ctst-spawn/supervisor.h"

void supervisor_write_status(struct supervisor *supervisor)
{
	(void)ct_status_write(supervisor->directory, &supervisor->status);
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
