/* What went through the interfaces of containers. Their loopbacks do not count. */
#ifndef CTST_SPAWN_NETWORK_COUNTERS_H
#define CTST_SPAWN_NETWORK_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/process.h"

/* Seen from the container: `received` is what others have sent to it. */
struct network_counters {
	bool known; /* false: it does not run, or shares the host's network */
	uint64_t received_bytes, received_packets;
	uint64_t sent_bytes, sent_packets;
};

struct network_counted {
	const char *id;                   /* of the container */
	struct ct_process_id init;        /* its first process, as in its status; pid 0: it does not run */
	bool own_network;                 /* false: network "host" */
	struct network_counters counters; /* the result */
};

/*
 * Fills in the counters of all containers at once: one look at this network namespace's interfaces for those whose
 * bridge is here, /proc/PID/net/dev for the others.
 */
void network_counters_read(struct network_counted *containers, size_t count);

/*
 * Its two halves, for who has many containers and several processes: what can be seen here, of all at once, which sets
 * `known` of those that have an interface here; and /proc/PID/net/dev of one. Counters begin as zeros.
 */
void network_counters_here(struct network_counted *containers, size_t count);
void network_counters_inside(struct network_counted *container);

#endif
