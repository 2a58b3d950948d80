/*
 * The complete configuration of one container: what the file says, over what
 * CONNECT gives, over what the image says, over the defaults of the language.
 * It is what ctst-spawn makes real and what two runs are compared by.
 */
#ifndef PLAN_CONTAINER_H
#define PLAN_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/json.h"
#include "common/project.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"
#include "ctst-plan/networks.h"
#include "ctst-plan/resolve.h"

struct mount {
	const char *kind; /* "bind" or "project" */
	const char *source;
	const char *target;
	bool readonly;
};

struct container {
	const struct component *component;
	const struct image *image;
	const char **args; /* empty only while the image has not been imported */
	size_t arg_count;
	struct variable *env;
	size_t env_count;
	const char *workdir;
	const char *user;
	const char *hostname;
	struct mount *mounts;
	size_t mount_count;
	const char **health_command;
	size_t health_count;                   /* 0: no health check */
	const struct healthcheck *healthcheck; /* of it the numbers */
	struct ports ports;
};

/* What every container of a plan is made from. */
struct building {
	const struct composition *composition;
	const struct ct_project *project;
	const struct graph *graph;
	const struct networks *networks;
	bool offline;                /* networks end with the project */
	const char *publish_address; /* where EXPOSE binds when it does not say */
	struct resolver resolver;
	struct ct_names keys; /* scratch of the environment's merge */
};

/* Everything of the result lives in the resolver's arena. -1: E005 E006 E017 naming component and property. */
int container_build(struct building *building, uint32_t index, struct container *container, struct ct_err *err);

/* Its part of container_build(): image below wiring below the file's own, no key twice. -1: E017. */
int environment_build(struct building *building, uint32_t index, struct container *container, struct ct_err *err);

/* The object "container" of a plan. */
void container_write(struct ct_json_writer *writer, const struct building *building, const struct container *container);

/* Its compact bytes, and the digest of exactly these, which names the configuration. -1: text that is not UTF-8. */
int container_serialise(const struct building *building, const struct container *container, struct ct_buf *out,
			char digest[CT_DIGEST_LENGTH + 1], struct ct_err *err);

#endif
