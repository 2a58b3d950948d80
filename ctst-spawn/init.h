/*
 * The container's first process (pid 1 of its pid namespace): a clone of the
 * supervisor that builds the file tree, starts the payload, hands signals on to it
 * and collects orphans. It executes nothing itself.
 *
 * Life cycle, seen from the supervisor:
 *
 *	1. clone3(2) with all namespaces; the child calls init_run(), does what needs no
 *	   ids, and waits
 *	2. the supervisor writes the id maps and sends a message without anything; init
 *	   becomes root of the container and begins to build
 *	3. the supervisor opens the trees and sends them: layers, mounts, the writable
 *	   tree if there is one (SCM_RIGHTS)
 *	4. init builds; the supervisor connects its network namespace meanwhile, and sends
 *	   another message without anything
 *	5. init starts the payload, then sends REPORT_STARTED or REPORT_FAILED
 *	6. init sends REPORT_ENDED when the payload has ended, and exits; the kernel
 *	   kills what is left in the namespace
 *
 * It dies with its supervisor (PR_SET_PDEATHSIG).
 */
#ifndef CTST_SPAWN_INIT_H
#define CTST_SPAWN_INIT_H

#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/network/network.h"
#include "ctst-spawn/payload.h"
#include "ctst-spawn/title.h"

struct init {
	struct config *config; /* released when the command runs */
	char *hostname;        /* likewise */
	int socket;            /* SOCK_SEQPACKET to the supervisor */
	int output;            /* the payload's stdout and stderr */
	int error_output;
	int commands;  /* the sealed payload */
	bool range;    /* ids are mapped by the supervisor's trees; false: this process opens the trees itself */
	bool many_ids; /* the container has users other than its root */
	bool writable; /* the root file system is not read-only */
	bool own_network;
	struct network *network; /* for its files of /etc; likewise */
	struct title title;
};

void init_run(struct init *init) __attribute__((noreturn));

/* The supervisor's half of steps 2, 4 (no trees) and 3. -1: R001. */
int init_send_trees(int socket, const int *trees, size_t count, struct ct_err *err);

#endif
