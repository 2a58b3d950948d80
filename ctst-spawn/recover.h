/* The state index made anew from what each container's directory says of itself. */
#ifndef CTST_SPAWN_RECOVER_H
#define CTST_SPAWN_RECOVER_H

#include "common/err.h"
#include "common/project.h"

/*
 * Keeps the old index beside the new one as `state.json.damaged-<time>`. Directories
 * without a readable config.json are named as warnings and left alone until they are
 * removed by hand, because only their configuration tells what they are. -1: S codes.
 */
int recover_state(const struct ct_project *project, struct ct_err *err);

#endif
