/* What processes use, each asked for itself: for where no cgroup counts them together. */
#ifndef CTST_SPAWN_PROCESS_USAGE_H
#define CTST_SPAWN_PROCESS_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_usage {
	int64_t resident; /* bytes; pages that several of them share count for each */
	int64_t cpu_us;   /* of them and of the children they have waited for */
};

/* The text of a cgroup.procs, which is changed. `init` itself adds its processor time only: its memory is not the container's. */
void process_usage_of_list(char *list, pid_t init, bool times, struct process_usage *sum);

/*
 * The container's init and all that descends from it; so not what ctst-exec has started. Processes that come and go
 * meanwhile may be missed.
 */
void process_usage_of_descendants(pid_t init, bool times, struct process_usage *sum);

#endif
