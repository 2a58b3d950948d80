/*
 * One run of a health check's command in a container: as closed as the container's own command, in its
 * namespaces and below its cgroup, with its user and environment.
 *
 * Two processes stand between the supervisor and the command (probe_process.c). The first one enters the namespaces; the
 * second one is in the container's pid namespace, takes over what the command leaves behind, and ends all of it when
 * the command has ended or its time is over. Where there are cgroups, a group of its own catches what escapes that.
 */
#ifndef CTST_SPAWN_HEALTH_PROBE_H
#define CTST_SPAWN_HEALTH_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/title.h"

#define PROBE_OUTPUT 4096 /* bytes that are kept of what a command writes; more than any message has */

/* What is probed; all of it the supervisor's. The container's directory is the current one. */
struct probe_target {
	const struct identity *identity;
	const char *group; /* path of the container's cgroup; "": none */
	int64_t timeout;   /* ns */
	struct title title;
};

struct probe {
	pid_t process;   /* 0: none runs */
	int pidfd;       /* readable when it has ended; -1: none */
	int output;      /* what the command writes; -1: none */
	int64_t begun;   /* ns since the epoch */
	int64_t started; /* ct_monotonic() */
	int64_t overdue; /* ct_monotonic() time after which the two processes are killed, too; 0: they have been */
	unsigned number; /* of the group, a new one each time: see run_finish() */
	char group[288]; /* "": none */
	size_t length;   /* of the output that is kept */
	char *text;
};

struct probe_result {
	int exit_code;    /* 128 + n for signal n; 126, 127: it could not be started; 137 when timed out */
	bool timed_out;   /* it was killed, its time was over */
	int64_t duration; /* ns */
};

/* Forgets the output. */
void probe_give_back(struct probe *probe);

/* The descriptors of the container's namespaces and payload (supervise.h) must be open. -1: R004, and nothing runs. */
int probe_start(struct probe *probe, const struct probe_target *target, struct ct_err *err);

/* Reads what there is, once; what is over PROBE_OUTPUT is thrown away, so that the command is never held up. */
void probe_read(struct probe *probe);

/* Its pidfd is readable: collects it and removes its group. */
void probe_finish(struct probe *probe, struct probe_result *result);

/* Kills the two processes and all that is in their group; it is finished when its pidfd says so. */
void probe_end(struct probe *probe);

/* Ends and collects it, if one runs. */
void probe_kill(struct probe *probe);

/* In a clone of the supervisor: what the first of the two processes does. */
void probe_process(const struct probe_target *target, int output) __attribute__((noreturn));

#endif
