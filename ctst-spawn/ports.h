/* The ports of a container as people read them. */
#ifndef CTST_SPAWN_PORTS_H
#define CTST_SPAWN_PORTS_H

#include "common/buf.h"
#include "common/json.h"

/*
 * Appends "127.0.0.1:8080->80/tcp,443": first what is published on the host, then what is only listened on. Nothing for
 * a container without ports. `container` is its configuration in the plan, or NULL.
 */
void ports_append(struct ct_buf *out, const struct ct_json *container);

#endif
