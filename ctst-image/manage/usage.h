/*
 * Who uses the store: the containers of the project and, where projects share a store, those of every project that has
 * built from it. Such a project has left its place in the store, as a link, which is all that can be known of it:
 *
 *	<images>/projects/<sha256 of the directory>  →  the project's directory
 *
 * A project that has been moved since its last build, or could not write to the store, is not known.
 */
#ifndef IMAGE_USAGE_H
#define IMAGE_USAGE_H

#include "common/arena.h"
#include "common/err.h"
#include "common/names.h"
#include "common/project.h"

struct used_image {
	const char *container; /* "web", of another project "web of /srv/shop" */
	const char *digest;    /* of its image, as the plan has it; "" */
	struct ct_slice stack; /* reach_stack() of its layers */
	bool own;              /* a container of the project itself */
};

struct usage {
	struct used_image *images; /* one for each container */
	size_t count;
	struct ct_names layers; /* hex digits of what containers are made of */
	struct ct_arena arena;
	int *locks; /* of the projects */
	size_t lock_count;
};

#define USAGE_INIT \
	{ \
		.layers = CT_NAMES_INIT, .arena = CT_ARENA_INIT \
	}
#define auto_usage __attribute__((cleanup(usage_release))) struct usage

/*
 * With `lock`, no container is made or removed until usage_release(): of projects that the caller may lock. -1: S001, S002,
 * S003 (also: a project that cannot be looked into).
 */
int usage_find(struct usage *usage, const struct ct_project *project, bool lock, struct ct_err *err);
void usage_release(struct usage *usage);

/* Whether several projects may have images in this store. */
bool usage_is_shared(const struct ct_project *project);
/* Says that the project has images in a shared store. A store that may not be written to is left as it is. */
void usage_join(const struct ct_project *project);
/* Removes the links of projects that are no more. */
void usage_forget_gone(int images);

#endif
