/*
 * The last step of `${…}`: environment and secrets, at the moment a process is
 * created. What comes out exists in this process's memory and in the payload's
 * environment, nowhere else.
 */
#ifndef CTST_SPAWN_EXPAND_H
#define CTST_SPAWN_EXPAND_H

#include "common/buf.h"
#include "common/err.h"

/*
 * ${env.NAME} from this process's environment (empty when unset, or its fallback),
 * ${secret.NAME} from CONTAINUST_SECRET_<NAME> or a file NAME in one of the places of
 * secret directories. A secret file must be regular, no symlink, owned by root or the
 * caller, mode 0400 or 0600; one newline at its end is dropped.
 * The caller owns the result (free()). NULL: R013 for a secret, S001 for a text that no
 * plan of ours contains.
 */
char *expand_template(const char *text, struct ct_err *err);

#endif
