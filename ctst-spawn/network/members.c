#include "ctst-spawn/network/members.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/network/attachments.h"
#include "ctst-spawn/network/files.h"
#include "ctst-spawn/network/published.h"

static struct member_network *network_named(const struct deploy *deploy, struct members *members, const char *name)
{
	uint32_t index = (uint32_t)members->count;
	struct member_network *added;

	if (!ct_names_add(&members->names, ct_slice_of(name), index, &index))
		return &members->items[index];
	/* Grown by doubling, as the count is a power of two exactly when the array is full. */
	if ((members->count & (members->count - 1)) == 0)
		members->items = ct_realloc_array(members->items, members->count ? members->count * 2 : 1,
						  sizeof(*members->items));
	added = &members->items[members->count++];
	*added = (struct member_network){ .name = name };
	ct_bridge_name(deploy->project->state_file, name, added->bridge);
	return added;
}

/* The text has the prefix, and was checked when it was read; what is damaged in an old index is nobody's address. */
static void add_place(const struct deploy *deploy, struct members *members, const char *component,
		      const struct ct_state_address *place)
{
	struct member_network *network = network_named(deploy, members, place->network);
	struct network_address address;
	char text[NETWORK_ADDRESS_TEXT];

	if (!network_address_parse(place->address, &address))
		return;
	network->is_used = members->any_used = true;
	network->gateway = attachment_gateway(&address);
	network_address_format(&address, text);
	network_members_add(&network->list, text, component);
	if (!network_address_parse(place->address6, &address))
		return;
	network->gateway6 = attachment_gateway(&address);
	network_address_format(&address, text);
	network_members_add(&network->list, text, component);
}

/* Whether a packet to this address of the host comes by 127.0.0.0/8. */
static bool is_on_loopback(const struct published *published)
{
	return published->host.family == AF_INET &&
	       (network_address_is_loopback(&published->host) || network_address_is_any(&published->host));
}

/* Of a container that does not run yet there is only the place for its rules. */
static void add_target(struct members *members, const char *component, const struct ct_json *published,
		       const struct ct_state_address *place, bool runs)
{
	struct rules_target *target;
	uint32_t network;

	if (!published || published->length == 0)
		return;
	if ((members->target_count & (members->target_count - 1)) == 0)
		members->targets = ct_realloc_array(members->targets,
						    members->target_count ? members->target_count * 2 : 1,
						    sizeof(*members->targets));
	target = &members->targets[members->target_count++];
	*target = (struct rules_target){ .ports = ct_alloc_array(published->length, sizeof(*target->ports)) };
	rules_chain_name(component, target->chain);
	ct_json_each(item, published) {
		struct published port;

		if (published_read(item, &port) < 0)
			continue;
		if (is_on_loopback(&port) && ct_names_get(&members->names, ct_slice_of(place->network), &network))
			members->items[network].localhost = true;
		members->any_outside |= !network_address_is_loopback(&port.host);
		if (runs)
			target->port_count += published_rule(&port, place->address, place->address6,
							     &target->ports[target->port_count]);
	}
}

static enum use_where where_of(bool offline)
{
	return offline ? USE_OFFLINE : identity_is_root() ? USE_ON_HOST : USE_INSIDE;
}

static void add_container(const struct deploy *deploy, struct members *members, const char *component,
			  const struct ct_json *container, const struct ct_state_address *places, size_t count,
			  bool runs)
{
	const char *network = ct_json_get_string(container, "network");

	for (size_t i = 0; i < count; i++)
		add_place(deploy, members, component, &places[i]);
	if (network && strcmp(network, "host") == 0)
		network_members_add(&network_named(deploy, members, "host")->list, NULL, component);
	if (count == 0)
		return;
	members->where = where_of(ct_json_get_bool(container, "offline", false));
	/* They lead to the first interface. */
	add_target(members, component, ct_json_get_typed(container, "published", CT_JSON_ARRAY), &places[0], runs);
}

/* As its directory says. */
static void add_existing(const struct deploy *deploy, struct members *members, const struct ct_state_entry *entry)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;

	if (config_read(entry->directory, &config, &ignored) < 0)
		return;
	/* What was started with --offline and what was not do not meet. */
	if (!members->any_used || where_of(config.container.offline) == members->where)
		add_container(deploy, members, entry->name, ct_json_get(ct_json_root(config.doc), "container"),
			      entry->addresses, entry->address_count, true);
	config_release(&config);
}

/* With --no-prune there are containers that the plan does not speak of. */
static void add_others(const struct deploy *deploy, struct members *members)
{
	bool *planned = ct_alloc_array(deploy->state->count, sizeof(*planned));

	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (deploy->jobs[i].old)
			planned[deploy->jobs[i].old - deploy->state->entries] = true;
	}
	for (size_t i = 0; i < deploy->state->count; i++) {
		if (!planned[i])
			add_existing(deploy, members, &deploy->state->entries[i]);
	}
	free(planned);
}

int members_collect_found(const struct deploy *deploy, struct members *members, struct ct_err *err)
{
	(void)err;
	*members = (struct members){ 0 };
	for (size_t i = 0; i < deploy->state->count; i++)
		add_existing(deploy, members, &deploy->state->entries[i]);
	return 0;
}

/* Between the host's network and one in a namespace of the project there is no way. */
static int check_reach(const struct action *action, const struct members *members, struct ct_err *err)
{
	const char *own = ct_json_get_string(action->container, "network");
	bool on_host = own && strcmp(own, "host") == 0;

	if (members->where == USE_ON_HOST)
		return 0;
	ct_json_each(name, ct_json_get_typed(action->container, "joins", CT_JSON_ARRAY)) {
		bool host = name->type == CT_JSON_STRING && strcmp(name->text, "host") == 0;

		if (!on_host && !host)
			continue;
		ct_fail(err, "R011", "component '%s' is connected to one %s, which it cannot reach without root",
			action->name, host ? "on the host's network" : "on a network that the host has no part in");
		return ct_err_hint(err,
				   "put both onto the same network, or EXPOSE a port of the one that is not on the "
				   "host's");
	}
	return 0;
}

int members_collect(const struct deploy *deploy, struct members *members, struct ct_err *err)
{
	*members = (struct members){ 0 };
	for (size_t i = 0; i < deploy->plan->count; i++) {
		const struct action *action = &deploy->plan->actions[i];

		if (action->kind == ACTION_DESTROY)
			continue;
		/* What is kept has what it has; the plan may have been made for another state. */
		if (deploy->jobs[i].kind == JOB_KEEP)
			add_container(deploy, members, action->name, action->container, deploy->jobs[i].old->addresses,
				      deploy->jobs[i].old->address_count, true);
		else
			add_container(deploy, members, action->name, action->container, action->addresses,
				      action->address_count, deploy->jobs[i].kind == JOB_REPLACE);
	}
	add_others(deploy, members);
	for (size_t i = 0; i < deploy->plan->count; i++) {
		if (check_reach(&deploy->plan->actions[i], members, err) < 0)
			return -1;
	}
	return 0;
}

void members_release(struct members *members)
{
	for (size_t i = 0; i < members->count; i++)
		ct_buf_free(&members->items[i].list);
	free(members->items);
	for (size_t i = 0; i < members->target_count; i++)
		free(members->targets[i].ports);
	free(members->targets);
	ct_names_release(&members->names);
}
