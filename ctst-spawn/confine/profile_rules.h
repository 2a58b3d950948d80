/* The rules of a seccomp profile, Docker's or the OCI runtime specification's, given to libseccomp. */
#ifndef CTST_SPAWN_CONFINE_PROFILE_RULES_H
#define CTST_SPAWN_CONFINE_PROFILE_RULES_H

#include <seccomp.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

/*
 * Makes a filter of the profile for this machine and for a container that keeps `capabilities` (bit n: capability n).
 * To be released with seccomp_release(3). NULL: R004.
 */
scmp_filter_ctx profile_filter(const struct ct_json *profile, uint64_t capabilities, struct ct_err *err);

#endif
