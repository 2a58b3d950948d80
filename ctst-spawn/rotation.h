/* Secrets that have changed since a container was started. */
#ifndef CTST_SPAWN_ROTATION_H
#define CTST_SPAWN_ROTATION_H

#include <stdbool.h>

#include "common/json.h"
#include "common/process.h"

/*
 * Whether a secret in the environment of the container, an object of ctst-plan(5), has another value now than in the
 * running container of this supervisor. Nothing of a secret is in a plan or in the state, not even a digest: the running
 * container's own environment, which its supervisor keeps, is what is compared with. What cannot be read, since the
 * caller does not have the secret at hand, has not changed.
 */
bool secrets_have_changed(const struct ct_json *container, const struct ct_process_id *supervisor);

#endif
