/* Whether a container is started again. */
#include "ctst-spawn/supervisor.h"

bool supervisor_may_restart(const struct supervisor *supervisor)
{
	const struct container *container = &supervisor->config.container;

	if (supervisor->stop_asked || container->restart == RESTART_NEVER)
		return false;
	return container->restart == RESTART_ALWAYS || container->max_retries == 0 ||
	       supervisor->status.restarts < container->max_retries;
}
