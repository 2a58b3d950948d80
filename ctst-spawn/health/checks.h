/* The health check of the supervisor's present run: probes are started, judged, written down and told. */
#ifndef CTST_SPAWN_HEALTH_CHECKS_H
#define CTST_SPAWN_HEALTH_CHECKS_H

#include <stdint.h>

#include "ctst-spawn/supervisor.h"

/* The container's command has been started. */
void checks_begin(struct supervisor *supervisor);

/* The ct_monotonic() time at which checks_on_time() has something to do; 0: never, nothing is to be waited for. */
int64_t checks_due(const struct supervisor *supervisor);

/* That time has come; the probe's pidfd is readable. Both return whether the container has become unhealthy. */
bool checks_on_time(struct supervisor *supervisor);
bool checks_on_end(struct supervisor *supervisor);

/* The run is over, or is asked to end: a probe that runs is ended, and no other follows. */
void checks_end(struct supervisor *supervisor);

#endif
