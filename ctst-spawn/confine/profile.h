/*
 * A component's own filter of system calls, `seccomp = "file"`: a profile in the format of Docker, podman and the OCI
 * runtime specification. ctst-seccomp, which has libseccomp, makes the filter of it once, when the container is created.
 */
#ifndef CTST_SPAWN_CONFINE_PROFILE_H
#define CTST_SPAWN_CONFINE_PROFILE_H

#include "common/err.h"
#include "common/json.h"
#include "ctst-spawn/container.h"

#define PROFILE_FILE "seccomp.bpf"

/*
 * Makes PROFILE_FILE in the container's directory of what its configuration (a `container` object) names; nothing when
 * it names none. -1: R004, already reported by ctst-seccomp or not.
 */
int profile_compile(int directory, const struct ct_json *container, struct ct_err *err);

/* Reads it into container->filter. 0 also when the component has none of its own. -1: S001. */
int profile_read(const char *directory, struct container *container, struct ct_err *err);

#endif
