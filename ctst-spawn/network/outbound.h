/*
 * The way out of a project's own network namespace without root: pasta(1), where it is installed, makes an interface in the
 * namespace and hands on what comes out of it by sockets of the caller.
 *
 * It is started by ctst-spawn when it makes the namespace, through ctst-outbound, which ends it when nobody uses the
 * networks any more: when it gets the lock of use.h that all supervisors share.
 */
#ifndef CTST_SPAWN_NETWORK_OUTBOUND_H
#define CTST_SPAWN_NETWORK_OUTBOUND_H

#include <stdbool.h>

#include "common/err.h"
#include "ctst-spawn/network/place.h"

/* What pasta's interface is called in the namespace, and who answers for name servers there. */
#define OUTBOUND_INTERFACE "uplink"
#define OUTBOUND_RESOLVER "169.254.1.1"

/* Makes the interface in the namespace. */
#define OUTBOUND_DEVICE "/dev/net/tun"

/*
 * Starts it for the place, and waits until there is a way out. `root` is the project's .containust, `name` the name of
 * the lock. False when there is none; *err says why when pasta was started and failed. Where it cannot be, because it is
 * not installed, or may not make interfaces, or the host itself has no way out, there is nothing to say: "ctst doctor" does.
 */
bool outbound_start(const struct place *place, const char *root, const char *name, struct ct_err *err);

/* Whether the network namespace of this process has a way out. */
bool outbound_exists(void);

#endif
