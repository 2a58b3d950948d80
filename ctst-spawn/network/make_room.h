/* The ports of the host that a plan publishes, before anything starts. */
#ifndef CTST_SPAWN_NETWORK_MAKE_ROOM_H
#define CTST_SPAWN_NETWORK_MAKE_ROOM_H

#include "common/err.h"
#include "ctst-spawn/deploy.h"

/*
 * Tries whether each port can be had. One that a container of this index has which is to be replaced or destroyed is
 * waited for by its successor; where that is another component than before, the old one is stopped here. -1: R007, R009.
 */
int make_room(struct deploy *deploy, struct ct_err *err);

#endif
