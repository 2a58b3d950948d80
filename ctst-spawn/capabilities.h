/* Giving up capabilities (capabilities(7)) for good. */
#ifndef CTST_SPAWN_CAPABILITIES_H
#define CTST_SPAWN_CAPABILITIES_H

#include <stdint.h>

/* Takes everything but `kept` out of the bounding set, for this process and all it will execute. -1 with errno. */
int capabilities_bound(uint64_t kept);

/*
 * Makes `kept` the permitted, effective, inheritable and ambient set: also a
 * program of an ordinary user then has exactly these. Calls nothing that allocates.
 */
int capabilities_set(uint64_t kept);

/* Only permitted and effective, for a process that will not execute another program. */
int capabilities_keep(uint64_t kept);

#endif
