#include "ctst-plan/addressing.h"
#include "ctst-plan/plan.h"

static const char *const kind_names[] = {
	[ACTION_CREATE] = "create", [ACTION_REPLACE] = "replace", [ACTION_KEEP] = "keep", [ACTION_DESTROY] = "destroy"
};

static void write_project(struct ct_json_writer *writer, const struct plan *plan)
{
	ct_json_key(writer, "project");
	ct_json_open_object(writer);
	ct_json_member_string(writer, "name", plan->project->name);
	ct_json_member_string(writer, "directory", plan->project->directory);
	ct_json_member_string(writer, "file", plan->composition->file);
	ct_json_close_object(writer);
	ct_json_key(writer, "state");
	ct_json_open_object(writer);
	ct_json_member_string(writer, "file", plan->project->state_file);
	ct_json_member_string(writer, "lineage", plan->state->lineage);
	ct_json_member_int(writer, "serial", plan->state->serial);
	ct_json_close_object(writer);
}

static void write_warnings(struct ct_json_writer *writer, const struct plan *plan)
{
	ct_json_key(writer, "warnings");
	ct_json_open_array(writer);
	for (size_t i = 0; i < plan->warnings.count; i++) {
		ct_json_open_object(writer);
		ct_json_member_string(writer, "message", plan->warnings.items[i]);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static const char *with_prefix(struct ct_arena *arena, const char *address, unsigned prefix)
{
	return ct_arena_printf(arena, "%s/%u", address, prefix);
}

static void write_members(struct ct_json_writer *writer, const struct plan *plan, const struct network *network,
			  struct ct_arena *arena)
{
	ct_json_key(writer, "members");
	ct_json_open_array(writer);
	for (size_t i = 0; i < network->count; i++) {
		const uint32_t *number = addressing_number(&plan->networks, network->members[i], network);

		ct_json_open_object(writer);
		ct_json_member_string(writer, "component", plan->composition->components[network->members[i]].name);
		if (number && *number) {
			ct_json_member_string(writer, "address", addressing_text(network, *number, arena));
			ct_json_member_string(writer, "address6", addressing_text6(network, *number, arena));
		}
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static void write_networks(struct ct_json_writer *writer, const struct plan *plan)
{
	struct ct_arena arena = CT_ARENA_INIT;

	ct_json_key(writer, "networks");
	ct_json_open_array(writer);
	for (size_t i = 0; i < plan->networks.count; i++) {
		const struct network *network = &plan->networks.items[i];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "name", network->name);
		if (network->prefix) {
			ct_json_member_string(writer, "bridge", network->bridge);
			ct_json_member_string(writer, "subnet",
					      with_prefix(&arena, addressing_text(network, 0, &arena),
							  network->prefix));
			ct_json_member_string(writer, "gateway", addressing_text(network, 1, &arena));
			ct_json_member_string(writer, "subnet6",
					      with_prefix(&arena, addressing_text6(network, 0, &arena), 64));
			ct_json_member_string(writer, "gateway6", addressing_text6(network, 1, &arena));
		}
		write_members(writer, plan, network, &arena);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
	ct_arena_release(&arena);
}

static void write_changes(struct ct_json_writer *writer, const struct changes *changes)
{
	ct_json_key(writer, "changes");
	ct_json_open_array(writer);
	for (size_t i = 0; i < changes->count; i++) {
		ct_json_open_object(writer);
		ct_json_member_string(writer, "field", changes->items[i].field);
		ct_json_member_string(writer, "from", changes->items[i].from);
		ct_json_member_string(writer, "to", changes->items[i].to);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

static void write_component(struct ct_json_writer *writer, const struct plan *plan, const struct action *action)
{
	const struct component *components = plan->composition->components;
	const struct adjacency *needs = &plan->graph.needs;
	uint32_t index = action->component;

	ct_json_key(writer, "after");
	ct_json_open_array(writer);
	for (uint32_t i = needs->begin[index]; i < needs->begin[index + 1]; i++)
		ct_json_string(writer, components[needs->items[i]].name);
	ct_json_close_array(writer);
	ct_json_member_string(writer, "ready", plan->containers[index].health_count > 0 ? "healthy" : "started");
	ct_json_member_string(writer, "config_digest", action->config_digest);
	ct_json_key(writer, "container");
	container_write(writer, &plan->building, &plan->containers[index]);
}

static void write_action(struct ct_json_writer *writer, const struct plan *plan, const struct action *action)
{
	ct_json_open_object(writer);
	ct_json_member_string(writer, "action", kind_names[action->kind]);
	ct_json_member_string(writer, "name",
			      action->entry ? action->entry->name
					    : plan->composition->components[action->component].name);
	if (action->entry)
		ct_json_member_string(writer, "id", action->entry->id);
	ct_json_member_string(writer, "reason", action->reason);
	if (action->kind == ACTION_REPLACE && action->changes.count > 0)
		write_changes(writer, &action->changes);
	if (action->component != NOTHING)
		write_component(writer, plan, action);
	ct_json_close_object(writer);
}

int plan_write_json(const struct plan *plan, bool pretty, struct ct_buf *out, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, pretty);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.plan/1");
	write_project(writer, plan);
	write_warnings(writer, plan);
	write_networks(writer, plan);
	ct_json_key(writer, "actions");
	ct_json_open_array(writer);
	for (size_t i = 0; i < plan->action_count; i++)
		write_action(writer, plan, &plan->actions[i]);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	if (out->length == 0 || out->data[out->length - 1] != '\n')
		ct_buf_putc(out, '\n');
	return 0;
}
