#include "ctst-spawn/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/identifier.h"
#include "common/names.h"
#include "ctst-spawn/container.h"
#include "ctst-spawn/network/plan_networks.h"

#define LONGEST_PERIOD_MS (INT64_C(7) * 86400 * 1000)
#define MOST_RETRIES 1000

static int wrong(struct ct_err *err, size_t index, const char *member, const char *expected)
{
	return ct_fail(err, "P001", "plan: actions[%zu].%s is missing or not %s", index, member, expected);
}

static int read_kind(const struct ct_json *item, enum action_kind *kind)
{
	static const char *const names[] = {
		[ACTION_CREATE] = "create",
		[ACTION_REPLACE] = "replace",
		[ACTION_KEEP] = "keep",
		[ACTION_DESTROY] = "destroy",
	};
	const char *text = ct_json_get_string(item, "action");

	for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*kind = (enum action_kind)i;
			return 0;
		}
	}
	return -1;
}

/* The supervisor reads the configuration again; here it is checked so that nothing starts when something is wrong. */
static int check_container(const struct action *action, struct ct_err *err)
{
	struct container container;
	int status = 0;

	if (container_read(action->container, "P001", &container, err) < 0)
		return -1;
	if (strcmp(container.name, action->name) != 0)
		status = ct_fail(err, "P001", "plan: the action '%s' holds the container '%s'", action->name,
				 container.name);
	container_release(&container);
	return status;
}

/* A member of the health check in milliseconds, as far as sums of it can be made. */
static int64_t read_period(const struct ct_json *check, const char *key)
{
	int64_t value = 0;

	ct_json_get_int(check, key, &value);
	return value < 0 ? 0 : value < LONGEST_PERIOD_MS ? value : LONGEST_PERIOD_MS;
}

/* The latest moment at which a container that never becomes healthy is unhealthy, and a second for starting it. */
static void read_readiness(const struct ct_json *item, struct action *action)
{
	const struct ct_json *check = ct_json_get_typed(action->container, "healthcheck", CT_JSON_OBJECT);
	const char *ready = ct_json_get_string(item, "ready");
	int64_t retries = 0, limit;

	action->ready_when_healthy = check && ready && strcmp(ready, "healthy") == 0;
	if (!check || !ct_json_get_int(check, "retries", &retries) || retries < 1)
		retries = 1;
	if (retries > MOST_RETRIES)
		retries = MOST_RETRIES;
	limit = read_period(check, "start_period_ms") +
		retries * (read_period(check, "interval_ms") + read_period(check, "timeout_ms"));
	action->health_limit = (limit + 1000) * 1000000;
}

static int read_action(const struct ct_json *item, size_t index, struct action *action, struct ct_err *err)
{
	if (item->type != CT_JSON_OBJECT || read_kind(item, &action->kind) < 0)
		return wrong(err, index, "action", "create, replace, keep or destroy");
	action->name = ct_json_get_string(item, "name");
	action->id = ct_json_get_string(item, "id");
	action->config_digest = ct_json_get_string(item, "config_digest");
	action->container = ct_json_get(item, "container");
	action->after = ct_json_get_typed(item, "after", CT_JSON_ARRAY);
	action->image = ct_json_get_string(ct_json_get(action->container, "image"), "uri");
	if (!action->name || !ct_is_identifier(ct_slice_of(action->name)) || strlen(action->name) > 255)
		return wrong(err, index, "name", "a name");
	if (!action->id && action->kind != ACTION_CREATE)
		return wrong(err, index, "id", "a container's id");
	if (action->kind == ACTION_DESTROY)
		return 0;
	read_readiness(item, action);
	if (!action->config_digest || !ct_digest_is_valid(action->config_digest))
		return wrong(err, index, "config_digest", "a digest");
	return check_container(action, err);
}

/* Names to indexes. What an action waits for must stand before it, so there can be no cycle. */
static int resolve_action(const struct ct_names *names, struct plan *plan, size_t at, struct ct_err *err)
{
	struct action *action = &plan->actions[at];

	action->waits_for = ct_alloc_array(action->after->length, sizeof(size_t));
	ct_json_each(name, action->after) {
		const char *wanted = name->type == CT_JSON_STRING ? name->text : "";
		uint32_t found = ct_names_find(names, ct_slice_of(wanted));

		if (found == CT_NAME_UNKNOWN || found >= at)
			return ct_fail(err, "P001", "plan: '%s' waits for '%s', which does not come before it",
				       action->name, wanted);
		action->waits_for[action->waits_for_count++] = found;
	}
	return 0;
}

static int resolve_names(const struct ct_json *root, struct plan *plan, struct ct_err *err)
{
	ct_autonames names = CT_NAMES_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		const char *name = plan->actions[i].name;

		if (plan->actions[i].kind != ACTION_DESTROY &&
		    !ct_names_add(&names, ct_slice_of(name), (uint32_t)i, NULL))
			return ct_fail(err, "P001", "plan: the component '%s' is there twice", name);
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->actions[i].kind != ACTION_DESTROY && plan->actions[i].after &&
		    resolve_action(&names, plan, i, err) < 0)
			return -1;
	}
	return plan_networks_read(root, &names, plan, err);
}

static int read_all(const struct ct_json *root, struct plan *plan, struct ct_err *err)
{
	const struct ct_json *actions = ct_json_get_typed(root, "actions", CT_JSON_ARRAY);
	const struct ct_json *state = ct_json_get(root, "state");

	plan->project_directory = ct_json_get_string(ct_json_get(root, "project"), "directory");
	plan->state_lineage = ct_json_get_string(state, "lineage");
	if (!plan->project_directory || plan->project_directory[0] != '/')
		return ct_fail(err, "P001", "plan: project.directory is missing or not absolute");
	if (!plan->state_lineage || !ct_json_get_int(state, "serial", &plan->state_serial))
		return ct_fail(err, "P001", "plan: state.lineage or state.serial is missing");
	if (!actions)
		return ct_fail(err, "P001", "plan: actions is missing or not a list");
	if (actions->length > PLAN_MOST_ACTIONS)
		return ct_fail(err, "P001", "plan: more than %d actions", PLAN_MOST_ACTIONS);
	plan->actions = ct_alloc_array(actions->length, sizeof(*plan->actions));
	ct_json_each(item, actions) {
		if (read_action(item, plan->count, &plan->actions[plan->count], err) < 0)
			return -1;
		plan->destroyed += plan->actions[plan->count++].kind == ACTION_DESTROY;
	}
	return resolve_names(root, plan, err);
}

int plan_read(const struct ct_json *root, struct plan *plan, struct ct_err *err)
{
	*plan = (struct plan){ 0 };
	if (read_all(root, plan, err) < 0) {
		plan_release(plan);
		return -1;
	}
	return 0;
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->actions[i].waits_for);
	plan_networks_release(plan);
	free(plan->actions);
	*plan = (struct plan){ 0 };
}
