/*
 * The plan: what has to happen so that what exists becomes what the composition
 * says. A pure function of composition, state, the environment's names and what the host
 * routes; it reads what exists and writes nothing.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/project.h"
#include "common/state.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/container.h"
#include "ctst-plan/difference.h"
#include "ctst-plan/graph.h"
#include "ctst-plan/networks.h"
#include "ctst-plan/warnings.h"

enum action_kind { ACTION_CREATE, ACTION_REPLACE, ACTION_KEEP, ACTION_DESTROY };

struct action {
	enum action_kind kind;
	uint32_t component;                 /* NOTHING for ACTION_DESTROY */
	const struct ct_state_entry *entry; /* NULL for ACTION_CREATE */
	const char *reason;     /* CREATE and REPLACE: "new", "changed", "ended with 1", "was never started" */
	struct changes changes; /* REPLACE because "changed" */
	char config_digest[CT_DIGEST_LENGTH + 1];
};

struct plan_options {
	bool strict_env;             /* an undefined ${env.X} is an error */
	bool no_prune;               /* what the composition does not name stays */
	bool offline;                /* --offline: no network reaches further than the project */
	const char *publish_address; /* where EXPOSE binds when it does not say; checked by the caller */
	const char *routes;          /* of the host, as /proc/net/route lists them; NULL: none */
};

struct plan {
	const struct composition *composition;
	const struct ct_project *project;
	const struct ct_state *state;
	struct plan_options options;
	struct ct_arena arena;
	struct graph graph;
	uint32_t *order; /* of the components' start; templates among them are skipped */
	struct networks networks;
	struct building building;
	struct container *containers; /* by component */
	struct warnings warnings;
	struct action *actions; /* in start order, ACTION_DESTROYs last */
	size_t action_count;
	size_t counts[ACTION_DESTROY + 1]; /* by kind */
};

#define autoplan __attribute__((cleanup(plan_release))) struct plan

/*
 * Makes the plan. The three things it is made of must outlive it. On -1 the plan
 * still has to be released: E005 E006 E017 E019 of the composition, P001 for a cycle,
 * R009 R011 for what networks cannot give, S003 where the state cannot be read.
 */
int plan_make(struct plan *plan, const struct composition *composition, const struct ct_project *project,
	      const struct ct_state *state, const struct plan_options *options, struct ct_err *err);

void plan_release(struct plan *plan);

/* Whether carrying it out would change anything. */
bool plan_has_changes(const struct plan *plan);

/* The ctst.plan/1 document, compact or indented. */
int plan_write_json(const struct plan *plan, bool pretty, struct ct_buf *out, struct ct_err *err);

/* What a person reads. `verbose`: also what stays as it is. */
void plan_write_text(const struct plan *plan, bool verbose, bool colour, struct ct_buf *out);

#endif
