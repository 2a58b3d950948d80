/*
 * What changes while a container lives: status.json in its directory, written
 * only by its supervisor.
 *
 * Whether the supervisor lives is known from a lock, not from a pid: it holds
 * flock(2) on the directory from before its first action until after its last
 * one, and the kernel drops the lock however it ends.
 */
#ifndef CT_STATUS_H
#define CT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/process.h"

enum ct_run_state {
	CT_CREATED, /* nothing has run yet */
	CT_RUNNING,
	CT_RESTARTING, /* waiting for its next start */
	CT_STOPPED,    /* ended with 0, or was asked to stop */
	CT_FAILED,     /* everything else; also a supervisor that vanished */
};

enum ct_health {
	CT_HEALTH_NONE, /* no health check */
	CT_HEALTH_STARTING,
	CT_HEALTH_HEALTHY,
	CT_HEALTH_UNHEALTHY,
};

struct ct_status {
	enum ct_run_state state;
	bool alive;                      /* the supervisor holds its lock */
	struct ct_process_id supervisor; /* pid 0: none */
	struct ct_process_id init;       /* the container's pid 1 as seen from the host */
	int exit_code;                   /* 128 + n for signal n; -1: has not ended yet */
	enum ct_health health;           /* CT_HEALTH_NONE also while nothing runs */
	bool oom_killed;                 /* its last end was the kernel's, for its memory limit */
	int restarts;
	int64_t started_at; /* ns since the epoch; 0: never */
	int64_t finished_at;
	char cgroup[256]; /* absolute path of its cgroup directory; "" when it has none */
	char error[512];  /* why it could not be started; "" otherwise */
};

/*
 * Reads the status of the container directory `path` and corrects it by what is true
 * now: without a living supervisor nothing is running. A missing status.json is CT_CREATED.
 * -1: S001.
 */
int ct_status_read(const char *path, struct ct_status *status, struct ct_err *err);

/* The same of a directory below the open one. */
int ct_status_read_at(int parent, const char *path, struct ct_status *status, struct ct_err *err);

/* Replaces status.json below dirfd; on a full disk the file that is there is overwritten. -1 with errno. */
int ct_status_write(int dirfd, const struct ct_status *status);

const char *ct_run_state_name(enum ct_run_state state);

/* "starting", "healthy", "unhealthy"; "" without a health check. */
const char *ct_health_name(enum ct_health health);

#endif
