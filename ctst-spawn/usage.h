/*
 * What a running container uses, as the kernel counts it: its cgroup's cpu.stat and memory.current. Where the memory controller is not at hand (a host with cgroup v1, a user without a
 * delegated group) the resident memory of its processes is summed up, and where there is no cgroup at all their
 * processor time too; pages that processes share are then counted more than once.
 */
#ifndef CTST_SPAWN_USAGE_H
#define CTST_SPAWN_USAGE_H

#include <stdint.h>

#include "common/status.h"

enum usage_source {
	USAGE_UNKNOWN,
	USAGE_CGROUP,
	USAGE_PROCESSES, /* those that live, without the container's init */
};

struct usage {
	int64_t at;        /* when it was read, a ct_monotonic() time; 0: nothing was */
	int64_t cpu_since; /* the ct_monotonic() time from which cpu_us counts */
	int64_t cpu_us;    /* processor time of all processes, also of those that have ended */
	enum usage_source cpu_source;
	int64_t memory; /* bytes */
	enum usage_source memory_source;
	int64_t received, sent; /* bytes over all interfaces but the loopback; -1: it has no other of its own */
};

/*
 * Fills in all but what went through the network (network/counters.h), which is unknown. For a container that does not
 * run everything is, but between two runs it has the processor time of its group; what cannot be read stays so.
 */
void usage_read(const struct ct_status *status, struct usage *usage);

/*
 * Processor time in hundredths of a per cent of one processor, over the time between two readings, or, when `before` is
 * NULL, since the container was started. -1: not known, or no time has passed.
 */
int64_t usage_cpu(const struct usage *before, const struct usage *usage);

/* usage_cpu()'s time in ns. */
int64_t usage_interval(const struct usage *before, const struct usage *usage);

#endif
