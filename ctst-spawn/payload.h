/*
 * The program in the container: what is executed, as whom, with which environment.
 * Shared by the first start (init.c) and by ctst-exec, so that both are the same.
 */
#ifndef CTST_SPAWN_PAYLOAD_H
#define CTST_SPAWN_PAYLOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "ctst-spawn/container.h"

#define PAYLOAD_MOST_GROUPS 64

struct payload {
	const struct container *container; /* whose it is */
	bool joins;                        /* it is beside the container's own processes: ctst-exec, a health check */
	char **argv;                       /* owned, NULL-terminated */
	char **environment;                /* owned, "NAME=value", NULL-terminated */
	char *workdir;                     /* owned */
	const char *user;
	uint64_t capabilities;
	bool terminal; /* its descriptor 0 is a terminal that becomes the controlling one of its session */
	uid_t uid;     /* as in the container; set by payload_find_user() */
	gid_t gid;
	gid_t groups[PAYLOAD_MOST_GROUPS];
	size_t group_count;
};

/* Sets or replaces a variable; takes a copy. */
void payload_set_variable(struct payload *payload, const char *name, const char *value);
const char *payload_variable(const struct payload *payload, const char *name);

/*
 * Resolves payload->user with /etc/passwd and /etc/group of the current root
 * directory, which must be the container's already. Those files are the image's:
 * read with bounds, numbers out of range refused. Sets HOME when the configuration
 * has none. -1: R004.
 */
int payload_find_user(struct payload *payload, struct ct_err *err);

/*
 * Starts the payload as a child: a session of its own, signals as a program expects them,
 * groups, ids, capabilities, no new privileges, Landlock, the filter of system calls, working directory, no descriptor
 * above 2, execve(2) along PATH of its own environment. It is killed when this process dies. Whatever confines a command
 * is done here: it is the only way into a container. The caller has called
 * capabilities_bound() before. -1 with R004 and in *exit_code what a shell would give: 127 not found, 126 otherwise.
 */
pid_t payload_start(const struct payload *payload, int *exit_code, struct ct_err *err);

/* The environment is overwritten, too. */
void payload_release(struct payload *payload);

#endif
