/* The project's own network namespace with a way out: what passes between its bridges and that. */
#ifndef CTST_SPAWN_NETWORK_INSIDE_H
#define CTST_SPAWN_NETWORK_INSIDE_H

/*
 * Members of bridges get out under the address of the way out, answers come back, and nothing passes from one bridge to
 * another. For all bridges that there will ever be. The namespace is the caller's. -1 with errno.
 */
int inside_let_out(void);

#endif
