#include "ctst-plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "ctst-plan/addressing.h"
#include "ctst-plan/existing.h"
#include "ctst-plan/reach.h"

static int build_containers(struct plan *plan, struct ct_err *err)
{
	const struct composition *composition = plan->composition;

	plan->containers = ct_arena_array(&plan->arena, composition->count, sizeof(*plan->containers));
	for (uint32_t i = 0; i < composition->count; i++) {
		if (!composition->components[i].template_only &&
		    container_build(&plan->building, i, &plan->containers[i], err) < 0)
			return -1;
	}
	return 0;
}

/* In what the new configuration differs. Nothing is known about that when the old one cannot be read. */
static void compare(struct plan *plan, struct action *action, const struct ct_buf *configuration)
{
	ct_autojson *old = existing_config(action->entry);
	ct_autojson *new = NULL;
	struct ct_err ignored = CT_ERR_INIT;

	if (!old)
		return;
	/* It has just been written: it can be read. */
	new = ct_json_parse(configuration->data, configuration->length, "P001", &ignored);
	if (new)
		action->changes = difference(ct_json_get_typed(ct_json_root(old), "container", CT_JSON_OBJECT),
					     ct_json_root(new), !plan->containers[action->component].image->layers,
					     &plan->arena);
}

static void decide(struct plan *plan, struct action *action, const struct ct_buf *configuration)
{
	const struct ct_state_entry *entry = action->entry;

	if (!entry) {
		action->kind = ACTION_CREATE;
		action->reason = "new";
	} else if (strcmp(entry->config_digest, action->config_digest) != 0) {
		action->kind = ACTION_REPLACE;
		action->reason = "changed";
		compare(plan, action, configuration);
	} else {
		action->reason = reason_to_restart(entry, &plan->arena);
		action->kind = action->reason ? ACTION_REPLACE : ACTION_KEEP;
	}
}

static struct action *add_action(struct plan *plan)
{
	return &plan->actions[plan->action_count++];
}

/* What the state has under the name of a component, each taken once. */
static int add_components(struct plan *plan, const struct ct_names *existing, bool *taken, struct ct_err *err)
{
	ct_autobuf configuration = CT_BUF_INIT;

	for (size_t i = 0; i < plan->composition->count; i++) {
		const char *name = plan->composition->components[plan->order[i]].name;
		struct action *action;
		uint32_t index;

		if (plan->composition->components[plan->order[i]].template_only)
			continue;
		action = add_action(plan);
		action->component = plan->order[i];
		if (container_serialise(&plan->building, &plan->containers[plan->order[i]], &configuration,
					action->config_digest, err) < 0)
			return -1;
		if (ct_names_get(existing, ct_slice_of(name), &index)) {
			action->entry = &plan->state->entries[index];
			taken[index] = true;
		}
		decide(plan, action, &configuration);
		plan->counts[action->kind]++;
	}
	return 0;
}

/* Dependents first: the index has them behind what they depend on. */
static void add_destroyed(struct plan *plan, const bool *taken)
{
	for (size_t i = plan->state->count; i-- > 0;) {
		struct action *action;

		if (taken[i])
			continue;
		action = add_action(plan);
		action->kind = ACTION_DESTROY;
		action->component = NOTHING;
		action->entry = &plan->state->entries[i];
		plan->counts[ACTION_DESTROY]++;
	}
}

static int add_actions(struct plan *plan, struct ct_err *err)
{
	const struct ct_state *state = plan->state;
	bool *taken = ct_arena_array(&plan->arena, state->count, sizeof(*taken));
	ct_autonames existing = CT_NAMES_INIT;

	plan->actions = ct_arena_array(&plan->arena, plan->composition->count + state->count, sizeof(*plan->actions));
	for (size_t i = 0; i < state->count; i++)
		ct_names_add(&existing, ct_slice_of(state->entries[i].name), (uint32_t)i, NULL);
	if (add_components(plan, &existing, taken, err) < 0)
		return -1;
	if (!plan->options.no_prune)
		add_destroyed(plan, taken);
	return 0;
}

int plan_make(struct plan *plan, const struct composition *composition, const struct ct_project *project,
	      const struct ct_state *state, const struct plan_options *options, struct ct_err *err)
{
	struct endpoint *endpoints;

	*plan = (struct plan){ .composition = composition, .project = project, .state = state, .options = *options };
	plan->warnings.arena = &plan->arena;
	if (graph_of_composition(composition, &plan->graph, &plan->order, err) < 0)
		return -1;
	endpoints = endpoints_make(composition, &plan->arena);
	if (wiring_check(composition, &plan->graph, endpoints, err) < 0)
		return -1;
	networks_make(&plan->networks, composition, &plan->graph, plan->order);
	if (reach_check(plan, err) < 0)
		return -1;
	plan->building = (struct building){
		.composition = composition,
		.project = project,
		.graph = &plan->graph,
		.networks = &plan->networks,
		.offline = options->offline,
		.publish_address = options->publish_address,
		.resolver = {
			.composition = composition,
			.endpoints = endpoints,
			.arena = &plan->arena,
			.warnings = &plan->warnings,
			.strict_env = options->strict_env,
		},
	};
	if (build_containers(plan, err) < 0 || add_actions(plan, err) < 0)
		return -1;
	return addressing_assign(plan, options->routes, err);
}

void plan_release(struct plan *plan)
{
	ct_names_release(&plan->building.resolver.undefined);
	ct_names_release(&plan->building.keys);
	warnings_release(&plan->warnings);
	networks_release(&plan->networks);
	graph_release(&plan->graph);
	free(plan->order);
	ct_arena_release(&plan->arena);
}

bool plan_has_changes(const struct plan *plan)
{
	return plan->counts[ACTION_CREATE] + plan->counts[ACTION_REPLACE] + plan->counts[ACTION_DESTROY] > 0;
}
