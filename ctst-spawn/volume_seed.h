/*
 * What is in a new volume of the project: what the image has at the place where it is mounted, with its owners, as users
 * of docker and podman expect. An image that has nothing there says nothing of the owner either; then the volume is the
 * component's user's, who could not make it its own: a container has no capabilities.
 */
#ifndef CTST_SPAWN_VOLUME_SEED_H
#define CTST_SPAWN_VOLUME_SEED_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/*
 * A volume is new until a container with it has started. A file beside its directory says so, and what an interrupted start
 * has put into it is completed, never removed. `volume` is the absolute path of the directory on the host.
 */
int volume_mark_new(const char *volume);
bool volume_is_new(const char *volume);
void volume_mark_used(const char *volume);

/*
 * Several containers may start with the same new volume: each has its turn when the one before it has started or failed. The
 * turn is over when the descriptor is closed. No container can take it: the file is not in the volume. -1 with errno:
 * EWOULDBLOCK while another has it, ENOENT when the volume is not new any more.
 */
int volume_take_turn(const char *volume);

/*
 * Copies what the directory `image` holds into the directory `volume` (descriptors, O_PATH will do) and gives it that one's
 * owner and mode. What is there already stays. Special files are left out. *unowned: the volume is empty and root's.
 * -1: R003.
 */
int volume_seed(int image, int volume, bool *unowned, struct ct_err *err);

#endif
