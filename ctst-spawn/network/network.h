/*
 * The network of one container, as its supervisor has it.
 *
 * A network is a bridge; a container on it has one end of a pair of interfaces, the other end is a port of the bridge.
 * Where the bridges are depends on who runs the project:
 *
 *	root		in the network namespace of the caller. The packet filter lets members out, lets published
 *			ports in, and keeps everything else apart (rules.h).
 *	root, --offline	in a network namespace of the project, from which no way leads anywhere.
 *	anybody else	likewise, in a user namespace of the project, so that its owner may set up networks there.
 *
 * The namespaces of a project have no name and no keeper: the supervisors of its containers are in them, each new one
 * gets them from ctst-spawn, which finds them through those that run (place.h), and they end with the last one.
 */
#ifndef CTST_SPAWN_NETWORK_NETWORK_H
#define CTST_SPAWN_NETWORK_NETWORK_H

#include <stdbool.h>

#include "common/err.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/network/attachments.h"
#include "ctst-spawn/network/files.h"
#include "ctst-spawn/network/publish.h"
#include "ctst-spawn/network/rules.h"

struct network_lock;

struct network {
	const struct config *config; /* the supervisor's; read anew for each run */
	int home;                    /* the network namespace that has the bridges, which is this process's */
	int directory;               /* of use.h; -1: none */
	bool inside;                 /* home is one of the project's own */
	bool outwards;               /* a way leads from it to the rest of the world */
	int uplink;                  /* the lock of uplink.h; -1: none */
	unsigned runs, interfaces;
	struct publishing publishing;
	char table[RULES_TABLE_LENGTH]; /* that leads ports to it; "": none does */
	struct network_lock *locks;     /* owned */
	size_t lock_count;

	/* Of the run that is being started. */
	struct attachments *attachments; /* owned */
	struct network_files files;
};

#define NETWORK_INIT \
	{ \
		.home = -1, .directory = -1, .uplink = -1 \
	}

/* Before the first run: goes to where the bridges are. -1: R009, R011. */
int network_open(struct network *network, const struct config *config, struct ct_err *err);

/* Before each run: where the container is to be, and what it is to find in /etc. -1: R011. */
int network_prepare_run(struct network *network, const char *hostname, struct ct_err *err);

/* Gives the network namespace of the container its interfaces, addresses and routes. -1: R011. */
int network_attach(struct network *network, int namespace, struct ct_err *err);

/* The run has started: what only its start needs is given back. */
void network_forget(struct network *network);

/* In the copy of the supervisor that is the container's first process: gives all its memory back, and does nothing else. */
void network_release(struct network *network);

/* After the last run. What nobody else needs is taken away. */
void network_close(struct network *network);

#endif
