/*
 * What a container's commands need and what is known only at its first start: arguments, working directory and
 * environment with all references expanded, in a sealed memory file. The supervisor keeps it open; nothing of it is in the
 * supervisor's own memory. Whoever starts a process in the container reads it: init, health checks,
 * ctst-exec. So a restart asks for no secret again, and finds the same values.
 */
#ifndef CTST_SPAWN_SEALED_PAYLOAD_H
#define CTST_SPAWN_SEALED_PAYLOAD_H

#include "common/err.h"
#include "ctst-spawn/container.h"
#include "ctst-spawn/payload.h"

/* Whether a variable of the configuration, or any of them, refers to a secret. */
bool payload_is_secret(const struct ct_json *variable);
bool payload_has_secrets(const struct container *container);

/*
 * Expands and seals; where there are secrets a child process does it, and afterwards no CONTAINUST_SECRET_ variable
 * is in this process's environment any more, nor in what /proc/PID/environ shows of it. Returns the descriptor. -1:
 * R004, R013, S001.
 */
int payload_seal(const struct container *container, struct ct_err *err);

/* Whose arguments are wanted; of PAYLOAD_OTHER, a command that the file does not know, there are none. */
enum payload_command { PAYLOAD_OTHER, PAYLOAD_COMMAND, PAYLOAD_HEALTHCHECK };

/* Fills *payload, also with what the configuration says of user, capabilities and limits. -1: R008. */
int payload_load(int fd, enum payload_command command, const struct container *container, struct payload *payload,
		 struct ct_err *err);

#endif
