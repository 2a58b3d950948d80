/* Whether and when a container is started again. */
#include <poll.h>

#include "common/clock.h"
#include "ctst-spawn/supervisor.h"

#define FIRST_DELAY (100 * MILLISECOND)
#define LONGEST_DELAY (60 * SECOND)
#define LONG_ENOUGH_UP (10 * SECOND)

bool supervisor_may_restart(const struct supervisor *supervisor)
{
	const struct container *container = &supervisor->config.container;

	if (supervisor->stop_asked || container->restart == RESTART_NEVER)
		return false;
	if (container->restart == RESTART_ALWAYS || container->max_retries == 0)
		return true;
	return supervisor->attempts < container->max_retries || ct_monotonic() - supervisor->started >= LONG_ENOUGH_UP;
}

bool supervisor_wants_restart(const struct supervisor *supervisor)
{
	bool failed = supervisor->exit_code != 0 || supervisor->sick;

	return supervisor_may_restart(supervisor) && (failed || supervisor->config.container.restart == RESTART_ALWAYS);
}

/* After a long run the past is forgotten: the next one starts at once, and is the first of its attempts. */
static void count_attempt(struct supervisor *supervisor)
{
	if (ct_monotonic() - supervisor->started >= LONG_ENOUGH_UP) {
		supervisor->attempts = 0;
		supervisor->delay = 0;
	} else if (supervisor->delay == 0) {
		supervisor->delay = FIRST_DELAY;
	} else {
		supervisor->delay = supervisor->delay * 2 < LONGEST_DELAY ? supervisor->delay * 2 : LONGEST_DELAY;
	}
	supervisor->attempts++;
}

void supervisor_wait_before_restart(struct supervisor *supervisor)
{
	int64_t until;

	count_attempt(supervisor);
	until = ct_monotonic() + supervisor->delay;
	while (!supervisor->stop_asked && ct_monotonic() < until) {
		struct pollfd watch = { .fd = supervisor->signals, .events = POLLIN };

		if (poll(&watch, 1, timeout_until(until)) > 0)
			supervisor_on_signal(supervisor);
	}
}
