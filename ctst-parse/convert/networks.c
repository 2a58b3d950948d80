/* networks and network_mode. */
#include <ctype.h>
#include <string.h>

#include "ctst-parse/convert/service.h"

/* A name of a project network: letters, digits, '_' and '-', not one of the built-in ones. */
static const char *network_name(struct ct_arena *arena, const char *text)
{
	static const char *const builtin[] = { "bridge", "host", "none" };
	ct_autobuf name = CT_BUF_INIT;
	const char *result;

	if (!isalpha((unsigned char)*text))
		ct_buf_puts(&name, "net-");
	for (; *text && name.length < NAME_MAX_BYTES; text++) {
		unsigned char byte = (unsigned char)*text;

		ct_buf_putc(&name, byte < 0x80 && (isalnum(byte) || byte == '_') ? *text : '-');
	}
	result = ct_arena_take(arena, &name);
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		if (strcasecmp(result, builtin[i]) == 0)
			return ct_arena_printf(arena, "%s-net", result);
	}
	return result;
}

void reserve_network_names(struct conversion *all)
{
	node_each(network, node_get(all->root, "networks")) {
		if (network->key && strcmp(network_name(all->arena, network->key), network->key) == 0)
			name_of(&all->network_names, all->arena, network->key, network->key);
	}
}

static void join(struct job *job, struct place place, const char *network)
{
	const char *name;

	if (strcmp(network, "default") == 0 || lose_secret(job, (struct cause){ place, "networks", network }, network))
		return;
	name = name_of(&job->all->network_names, job->all->arena, network, network_name(job->all->arena, network));
	if (strcmp(name, network) != 0)
		note(job, place, "networks", network, "the network is called '%s'", name);
	output_text(&job->all->output, job->component, PROPERTY_NETWORK, SHAPE_ONE,
		    (struct cause){ place, "networks", network }, name);
}

static void lose_settings(struct job *job, const struct member *network)
{
	static const char *const none[] = { NULL };

	lose_others(job, network->value, ct_arena_printf(job->all->arena, "networks.%s", network->key), none,
		    "addresses and names are containust's: a component is found by its own name");
}

void convert_networks(struct job *job, const struct member *member)
{
	ct_autonames seen = CT_NAMES_INIT;
	bool first = true;

	node_each(item, member->value) {
		const char *name = item->key ? item->key : node_text(item->value);

		if (!name || !ct_names_add(&seen, ct_slice_of(name), 0, NULL))
			continue;
		if (item->key)
			lose_settings(job, item);
		if (first)
			join(job, item->place, name);
		else
			lose(job, item->place, "networks", name,
			     "a component has one network; CONNECT joins it to those of the components that it needs");
		first = false;
	}
}

void convert_network_mode(struct job *job, const struct member *member)
{
	const char *mode = node_text(member->value);
	bool host = mode && strcmp(mode, "host") == 0;

	if (!mode || strcmp(mode, "bridge") == 0 || strcmp(mode, "default") == 0)
		return;
	if (strncmp(mode, "service:", 8) == 0) {
		lose(job, member->place, "network_mode", mode,
		     "a component shares no network with a single other one: it is connected to it, but its traffic "
		     "does "
		     "not go through '%.60s' any more, and it has ports and an address of its own",
		     mode + 8);
		return;
	}
	if (!host && strcmp(mode, "none") != 0) {
		lose(job, member->place, "network_mode", mode,
		     "a component shares no network with a single other one; connect them with CONNECT");
		return;
	}
	job->service->has_host_network = host;
	job->service->has_no_network = !host;
	output_text(&job->all->output, job->component, PROPERTY_NETWORK, SHAPE_ONE,
		    (struct cause){ member->place, "network_mode", mode }, mode);
}
