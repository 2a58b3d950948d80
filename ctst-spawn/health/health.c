#include "ctst-spawn/health/health.h"

#define MILLISECOND INT64_C(1000000)
#define FIRST_PAUSE (100 * MILLISECOND)
#define LONGEST_PAUSE (5000 * MILLISECOND)

static int64_t smaller(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

static int64_t larger(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

void health_start(struct health *health, const struct container_healthcheck *check, int64_t now)
{
	*health = (struct health){ .check = check };
	if (check->interval_ms == 0)
		return;
	health->state = CT_HEALTH_STARTING;
	health->next = now;
	health->counts_from = now + larger(check->interval_ms, check->start_period_ms) * MILLISECOND;
	health->pause = FIRST_PAUSE;
}

void health_stop(struct health *health)
{
	health->state = CT_HEALTH_NONE;
	health->next = 0;
}

/* Not later than a failure would count, so that a container that never works is known as such in time. */
static int64_t next_while_starting(struct health *health, int64_t now)
{
	int64_t interval = health->check->interval_ms * MILLISECOND;
	int64_t next = now + smaller(health->pause, interval);

	health->pause = smaller(health->pause * 2, LONGEST_PAUSE);
	return now < health->counts_from ? smaller(next, health->counts_from) : next;
}

bool health_judge(struct health *health, bool success, int64_t now)
{
	enum ct_health before = health->state;
	int64_t interval = health->check->interval_ms * MILLISECOND;

	if (success) {
		health->state = CT_HEALTH_HEALTHY;
		health->failures = 0;
		health->counts_from = 0;
	} else if (now >= health->counts_from) {
		health->counts_from = before == CT_HEALTH_STARTING ? now + interval : 0;
		if (++health->failures >= health->check->retries)
			health->state = CT_HEALTH_UNHEALTHY;
	}
	health->next = health->state == CT_HEALTH_STARTING ? next_while_starting(health, now) : now + interval;
	return health->state != before;
}
