#include "ctst-plan/networks.h"

#include <stdlib.h>
#include <string.h>

static struct network *network_named(struct networks *networks, struct ct_names *names, const char *name)
{
	uint32_t index = (uint32_t)networks->count;

	if (!ct_names_add(names, ct_slice_of(name), index, &index))
		return &networks->items[index];
	if (networks->count == networks->capacity) {
		networks->capacity = networks->capacity ? networks->capacity * 2 : 8;
		networks->items = ct_realloc_array(networks->items, networks->capacity, sizeof(*networks->items));
	}
	networks->items[networks->count] = (struct network){ .name = name, .newest = NOTHING };
	return &networks->items[networks->count++];
}

static void remember(struct networks *networks, const struct network *network, uint32_t component)
{
	if (networks->joined_count == networks->joined_capacity) {
		networks->joined_capacity = networks->joined_capacity ? networks->joined_capacity * 2 : 64;
		networks->joined = ct_realloc_array(networks->joined, networks->joined_capacity,
						    sizeof(*networks->joined));
	}
	networks->joined[networks->joined_count++] = (uint32_t)(network - networks->items);
	networks->memberships[component].count++;
}

static void join(struct networks *networks, struct ct_names *names, const char *name, uint32_t component)
{
	struct network *network;

	if (strcmp(name, "none") == 0)
		return;
	network = network_named(networks, names, name);
	if (network->newest == component)
		return;
	if (network->count == network->capacity) {
		network->capacity = network->capacity ? network->capacity * 2 : 8;
		network->members = ct_realloc_array(network->members, network->capacity, sizeof(*network->members));
	}
	network->members[network->count++] = component;
	network->newest = component;
	remember(networks, network, component);
}

bool network_is_host(const char *name)
{
	return strcmp(name, "host") == 0;
}

void networks_make(struct networks *networks, const struct composition *composition, const struct graph *graph,
		   const uint32_t *order)
{
	ct_autonames names = CT_NAMES_INIT;

	*networks = (struct networks){
		.memberships = ct_alloc_array(composition->count, sizeof(*networks->memberships)),
	};
	for (size_t at = 0; at < composition->count; at++) {
		uint32_t component = order[at];

		if (composition->components[component].template_only)
			continue;
		networks->memberships[component].begin = (uint32_t)networks->joined_count;
		join(networks, &names, composition->components[component].network, component);
		for (uint32_t i = graph->needs.begin[component]; i < graph->needs.begin[component + 1]; i++)
			join(networks, &names, composition->components[graph->needs.items[i]].network, component);
	}
}

void networks_release(struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		free(networks->items[i].members);
	free(networks->items);
	free(networks->memberships);
	free(networks->joined);
	free(networks->numbers);
	*networks = (struct networks)NETWORKS_INIT;
}

void networks_write(struct ct_json_writer *writer, const struct networks *networks,
		    const struct composition *composition)
{
	ct_json_key(writer, "networks");
	ct_json_open_array(writer);
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->items[i];

		ct_json_open_object(writer);
		ct_json_member_string(writer, "name", network->name);
		ct_json_key(writer, "members");
		ct_json_open_array(writer);
		for (size_t j = 0; j < network->count; j++)
			ct_json_string(writer, composition->components[network->members[j]].name);
		ct_json_close_array(writer);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}
