/*
 * A container's directory on the host, `<project>/.containust/containers/<id>`. It is
 * locked by the container's supervisor while that lives (common/status.h), and holds
 *
 *	config.json     what it is; written once, before anything runs (ctst-state(5))
 *	status.json     what it does; written by its supervisor
 *	container.log   what it says (log.h)
 *	seccomp.bpf     its filter of system calls, when it has one of its own (confine/profile.h)
 *	writable/       its changes, when its root is not read-only
 */
#ifndef CTST_SPAWN_CONTAINER_DIRECTORY_H
#define CTST_SPAWN_CONTAINER_DIRECTORY_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"
#include "common/project.h"
#include "common/state.h"
#include "ctst-spawn/container.h"

#define CONFIG_LIMIT ((size_t)16 << 20)

/*
 * Creates the directory `path` with config.json. Returns a descriptor of it that holds
 * its lock; it is meant for the supervisor. -1: S003.
 */
int container_directory_create(const char *path, const struct ct_state_entry *entry, const struct ct_project *project,
			       const struct ct_json *after, const struct ct_json *container, bool may_go_unlimited,
			       struct ct_err *err);

/*
 * Opens the directory of a container whose supervisor has ended, so that it can be started again as it was: the
 * descriptor holds its lock, as above. -1: S003.
 */
int container_directory_open(const char *path, struct ct_err *err);

/* A config.json as read. */
struct config {
	struct ct_json_doc *doc; /* owns all of it; NULL after config_reduce() */
	struct ct_arena strings; /* owns what was made of it by sources_prepare() */
	char *kept;              /* owns the strings after config_reduce() */
	const char *id;
	const char *project_directory;
	const char *state_file;      /* of the index that names it, when that is not in its usual place; else NULL */
	bool may_go_unlimited;       /* started with --allow-unlimited */
	const struct ct_json *after; /* array of component names, or NULL */
	const struct ct_json *addresses; /* where it is on its networks, or NULL */
	struct container container;
};

/* Reads config.json of the directory. -1: S001. */
int config_read(const char *directory, struct config *config, struct ct_err *err);

/*
 * Gives the memory back of what is needed only to start the container: arguments, environment, layers, mounts and lists are
 * gone then, names and numbers stay.
 */
void config_reduce(struct config *config);
void config_release(struct config *config);

/* Whether the index that the project has now is the one that names it: with --state-file one project can have several. */
bool config_belongs_to(const struct config *config, const struct ct_project *project);

/* The project's .containust, and its index that names the container. The caller owns the text. */
char *config_project_root(const struct config *config);
char *config_state_file(const struct config *config);

#endif
