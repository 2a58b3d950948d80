/* Rules for interfaces of the host on which forwarding was switched on for our networks: for nobody else. */
#ifndef CTST_SPAWN_NETWORK_GUARD_H
#define CTST_SPAWN_NETWORK_GUARD_H

#include "ctst-spawn/network/forwarding.h"

/*
 * What comes in by one of them goes to one of our bridges, or nowhere; but for answers, and ports that others' rules lead
 * further: whoever switches on forwarding in general while this stands has what they expect. Replaces the table as a whole.
 * -1 with errno.
 */
int guard_apply(const char *table, const struct forwarding *list);

/* A missing one is fine. -1 with errno. */
int guard_remove(const char *table);

#endif
