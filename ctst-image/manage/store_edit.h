/*
 * The store, opened for a change: nobody else changes it meanwhile, and no import can begin or end.
 *
 * Locks are taken in this order: those of the projects that use the store (usage.h), then the store's.
 */
#ifndef IMAGE_STORE_EDIT_H
#define IMAGE_STORE_EDIT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/json.h"
#include "common/project.h"

struct store_edit {
	int images_fd;             /* the lock is on it */
	int layers_fd;             /* -1: nothing was ever unpacked */
	int blobs_fd;              /* O_PATH; -1: there are none */
	struct ct_json_doc *index; /* NULL: the store is empty */
	bool importing;            /* somebody's import is going on, and counts on what it has found in the store */
};

#define STORE_EDIT_INIT \
	{ \
		.images_fd = -1, .layers_fd = -1, .blobs_fd = -1 \
	}
#define auto_store_edit __attribute__((cleanup(store_edit_end))) struct store_edit

/* Waits for the lock, removes what dead imports left, reads the index. -1: I001 (there is no store), S001, S003. */
int store_edit_begin(struct store_edit *edit, const struct ct_project *project, struct ct_err *err);

/* The manifests of the index; NULL: none. */
const struct ct_json *store_edit_manifests(const struct store_edit *edit);

/* Gives the lock back. */
void store_edit_end(struct store_edit *edit);

#endif
