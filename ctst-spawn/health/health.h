/*
 * What a container's health check says over time: when to probe next, and what a result
 * means. Nothing here starts a process or looks at a clock; times are ct_monotonic() ones.
 *
 *	starting    since the start; failures do not count before the start period is over and the first interval has passed
 *	healthy     since a probe has succeeded
 *	unhealthy   since `retries` probes in a row have failed
 *
 * While it is starting it is probed more often than once an interval: at once, and again after 100 ms, 200 ms
 * and so on up to 5 s. So whatever waits for it goes on when it works, not when an interval is over;
 * of the failures one in each interval counts, as if there had been no others.
 */
#ifndef CTST_SPAWN_HEALTH_HEALTH_H
#define CTST_SPAWN_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"
#include "ctst-spawn/container.h"

struct health {
	const struct container_healthcheck *check;
	enum ct_health state;
	int64_t next;        /* when to probe; 0: never */
	int64_t counts_from; /* a failure before that is none */
	int64_t pause;       /* until the next probe while it is starting, ns */
	int64_t failures;    /* in a row */
};

/* The container has started. Without a health check there is nothing to do, ever. */
void health_start(struct health *health, const struct container_healthcheck *check, int64_t now);

/* The container has ended, or is asked to. */
void health_stop(struct health *health);

/* A probe has ended just now. Returns whether the state has changed. */
bool health_judge(struct health *health, bool success, int64_t now);

#endif
