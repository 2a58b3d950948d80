/* What a container mounts from the host: made ready before its first start. */
#ifndef CTST_SPAWN_SOURCES_H
#define CTST_SPAWN_SOURCES_H

#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/mount_type.h"

/*
 * Expands the sources of mounts, creates the directories of project volumes and
 * those bind sources that lie inside the project directory; any other missing
 * source is R003. The expanded strings live as long as the configuration.
 *
 * What the supervisor believes lies in the project's .containust, so no container may
 * write there: a source inside it and a writable one above the project are R003, and any
 * other that shows it is marked to be mounted with that directory covered.
 */
int sources_prepare(struct config *config, struct ct_err *err);

/*
 * Makes the new volumes the container's to fill, until it has started or its configuration is released: in the order of
 * their names, once each, so that no two containers wait for each other. 1: another has one of them now, this is to be
 * called again. -1: R003.
 */
int sources_take_turns(struct container *container, struct ct_err *err);

/* Whether all of that can be: nothing is made, so it can be asked before anything is started. -1: R003. */
int sources_check(const struct container *container, const char *project_directory, struct ct_err *err);

/* writable/upper and writable/work in the current directory, owned by root of the container. -1: R003. */
int sources_make_writable(const struct identity *identity, struct ct_err *err);

/*
 * Opens layers, mounts and (with `writable`) the writable tree as detached trees with
 * the ids of the user namespace (-1: as they are). Returns their number; -1: R003, nothing left open.
 *
 * Layers on a file system that has no id-mapped mounts are opened as they are: the image's files are nobody's in the
 * container then, which reads what everybody may read. `unmapped` becomes the type of that file system, or "". Volumes
 * are not opened like that: what is written there has to be somebody's.
 */
int sources_open(const struct container *container, bool writable, int userns, int *trees,
		 char unmapped[MOUNT_TYPE_SIZE], struct ct_err *err);
void sources_close(int *trees, int count);

/* The command has started: from now on what is in the volumes is the container's alone. */
void sources_used(struct container *container);

#endif
