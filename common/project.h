/*
 * A project: the directory of a .ctst file and the `.containust` beside it.
 *
 *	.containust/state/state.json     index of what exists, see common/state.h
 *	.containust/state/lock           held (flock) by the one writer
 *	.containust/containers/<id>/     one directory per container
 *	.containust/images/              OCI image layout
 *	.containust/layers/<diff-id>/    unpacked layers
 *	.containust/volumes/<name>/      volumes kept in the project
 */
#ifndef CT_PROJECT_H
#define CT_PROJECT_H

#include <stdbool.h>

#include "common/err.h"

#define CT_DEFAULT_FILE "containust.ctst"

struct ct_project {
	char *directory;  /* absolute, symlinks resolved */
	char *name;       /* last component of directory, made a valid name: [a-z0-9_-]+ */
	char *root;       /* directory + "/.containust" */
	char *state_file; /* absolute; CONTAINUST_STATE_FILE moves it */
	bool state_moved; /* the index is not in its usual place */
	char *containers; /* root + "/containers" */
	char *images;     /* root + "/images", or CONTAINUST_IMAGE_STORE */
	char *layers;     /* root + "/layers", or beside a shared store */
	char *volumes;    /* root + "/volumes" */
};

/* The project of a directory that exists. Nothing is created. -1: S004 (exit 4) when there is no such directory, S003
 * (exit 3) when its .containust is somebody else's. */
int ct_project_of_directory(struct ct_project *project, const char *directory, struct ct_err *err);

/*
 * For commands that take no FILE: the project of `file` when given, else of the
 * nearest directory from the current one upward that has a `.containust`.
 * -1: S004, exit 4.
 */
int ct_project_find(struct ct_project *project, const char *file, struct ct_err *err);

void ct_project_release(struct ct_project *project);
#define ct_autoproject __attribute__((cleanup(ct_project_release))) struct ct_project

#endif
