/*
 * One container's configuration: the `container` object of a plan and of the
 * config.json in the container's directory (ctst-plan(5), ctst-state(5)).
 *
 * Every string points into the JSON document it was read from and lives as long
 * as that. Nothing here is trusted to come from ctst-plan: names, counts and
 * numbers are checked when it is read.
 */
#ifndef CTST_SPAWN_CONTAINER_H
#define CTST_SPAWN_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

#define CONTAINER_MOST_LAYERS 128
#define CONTAINER_MOST_MOUNTS 100
/* Layers, mounts and the writable tree: they travel as descriptors in one message, which takes 253 (SCM_RIGHTS in unix(7)). */
#define CONTAINER_MOST_TREES (CONTAINER_MOST_LAYERS + CONTAINER_MOST_MOUNTS + 1)

struct container_mount {
	bool project; /* a volume of the project: its directory is made when missing */
	bool readonly;
	const char *source; /* absolute; may hold ${env.*} */
	const char *target; /* absolute, inside the container */
	bool fresh;         /* a writable project volume that no container has been started with */
	int turn;           /* of a fresh one, see volume_take_turn(); -1: not taken */
	bool unowned;       /* a fresh one that the image says nothing of; set by volumes_mount() */
	const char *hidden; /* below the source, covered in the container; NULL: nothing (sources_prepare()) */
};

/* How many processes and threads a container may have that says nothing of it: what podman and others take. */
#define CONTAINER_PIDS 4096

/* The longest time that a health check may name, a year: in nanoseconds it still leaves room for sums. */
#define CONTAINER_LONGEST_MS (INT64_C(366) * 24 * 3600 * 1000)

struct container_healthcheck {
	const struct ct_json *command; /* array of templates */
	int64_t interval_ms;           /* 0: no health check */
	int64_t timeout_ms;
	int64_t retries;
	int64_t start_period_ms;
};

enum restart_policy { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

enum seccomp_kind {
	SECCOMP_LIST,       /* what Containust allows everybody */
	SECCOMP_PROFILE,    /* the component's own file (confine/profile.h) */
	SECCOMP_UNCONFINED, /* every system call */
};

struct sock_filter;

struct container {
	const char *name;
	const char *image;   /* URI, for people */
	const char **layers; /* directories, the base first */
	size_t layer_count;
	const struct ct_json *args;        /* array of templates */
	const struct ct_json *environment; /* object of templates */
	const char *workdir;
	const char *user; /* "" or uid[:gid] or names of the image */
	const char *hostname;
	bool readonly;
	struct container_mount *mounts; /* in the order in which they are mounted: /a before /a/b */
	size_t mount_count;
	const char *network;
	const struct ct_json *joins;     /* names of networks that CONNECT adds, or NULL */
	bool offline;                    /* its networks lead nowhere else */
	const struct ct_json *published; /* see network/published.h; or NULL */
	int64_t memory_max;              /* bytes; 0: no limit */
	int64_t cpu_weight;              /* 1…10000 as in cgroup v2's cpu.weight; 0: not set */
	int64_t cpu_max_us;              /* µs of CPU time per 100 ms; 0: no limit */
	int64_t pids_max;                /* processes and threads; 0: CONTAINER_PIDS, as far as the host can */
	int64_t io_weight;               /* 1…10000 as in cgroup v2's io.weight; 0: not set */
	enum restart_policy restart;
	int64_t max_retries;   /* of RESTART_ON_FAILURE; 0: without end */
	uint64_t capabilities; /* bit n: capability n is kept */
	enum seccomp_kind seccomp;
	struct sock_filter *filter; /* of SECCOMP_PROFILE, once profile_read() has read it; owned */
	size_t filter_length;       /* instructions */
	int stop_signal;
	struct container_healthcheck healthcheck;
};

/* Reads and checks. `code` is used for what is wrong with the document (P001 in a plan, S001 in a container's directory). */
int container_read(const struct ct_json *object, const char *code, struct container *container, struct ct_err *err);
void container_release(struct container *container);

#endif
