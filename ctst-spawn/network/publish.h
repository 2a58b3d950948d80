/*
 * The published ports of one container, as its supervisor has them: sockets that keep the ports of the host from others
 * as long as it lives, and a forwarder (ctst-forward) for those which the packet filter cannot lead to the container.
 */
#ifndef CTST_SPAWN_NETWORK_PUBLISH_H
#define CTST_SPAWN_NETWORK_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/json.h"
#include "ctst-spawn/network/attachments.h"

struct publishing {
	int *sockets; /* owned; in the order of the list */
	size_t count;
	pid_t forwarder; /* 0: none */
};

/* Takes the ports, in the network namespace of the host. -1: R009. */
int publishing_open(struct publishing *publishing, const struct ct_json *published, struct ct_err *err);

/*
 * Starts the forwarder, in the network namespace that has the bridges: for all ports when that is not the host's
 * (`inside`), else for those on ::1. -1: R009.
 */
int publishing_start(struct publishing *publishing, const struct ct_json *published, const struct attachment *target,
		     bool inside, struct ct_err *err);

/* Gives the ports back; nobody listens on them any more when this returns. */
void publishing_close(struct publishing *publishing);

#endif
