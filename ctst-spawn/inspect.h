/*
 * All that is known of a container, as a document (ctst.inspect/1 in ctst-inspect(1)): from its configuration, from what
 * its supervisor has written, and from what the kernel says of its processes now. The text for people is made from the
 * document, so that the two never say different things.
 */
#ifndef CTST_SPAWN_INSPECT_H
#define CTST_SPAWN_INSPECT_H

#include <sys/types.h>

#include "common/json.h"
#include "common/state.h"
#include "common/status.h"
#include "ctst-spawn/container.h"

/* One container as an object. -1: S001, or text that JSON cannot hold. */
int inspect_write(struct ct_json_writer *writer, const struct ct_state_entry *entry, struct ct_err *err);

/* Its parts, each a number of members of an open object. */

/* "processes", "namespaces", "ids", "security": of a container whose first process lives. */
void inspect_write_processes(struct ct_json_writer *writer, const struct ct_status *status,
			     const struct container *container);

/* "cgroup": its path, the controllers, the limits that were asked for and those that are in force. */
void inspect_write_cgroup(struct ct_json_writer *writer, const struct ct_status *status,
			  const struct container *container);

/* "mounts": those of the configuration, and the options that they have in the namespace of the process `init` (0: none). */
void inspect_write_mounts(struct ct_json_writer *writer, const struct container *container, pid_t init);

/* The object as text for people. */
void inspect_append_text(struct ct_buf *out, const struct ct_json *container, bool colour);

#endif
