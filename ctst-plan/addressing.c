#include "ctst-plan/addressing.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/network_name.h"
#include "ctst-plan/space.h"

#define LARGEST_PREFIX 9 /* of a network with as many members as there can be components */

struct addressing {
	struct plan *plan;
	struct space space;
	struct ct_names networks; /* → index in plan.networks */
	struct ct_names bridges;  /* likewise */
	struct ct_err *err;
};

/* FNV-1a over both texts: the same on every machine and for ever. */
static uint32_t hash_of(const char *first, const char *second)
{
	const char *const texts[] = { first, second };
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < 2; i++) {
		for (const char *at = texts[i];; at++) {
			hash = (hash ^ (unsigned char)*at) * 16777619u;
			if (!*at)
				break;
		}
	}
	/* Similar names would fall on places close to each other. */
	hash ^= hash >> 16;
	hash *= 0x85ebca6bu;
	return hash ^ hash >> 13;
}

/* Without the network's own address, the bridge's and the broadcast address. */
static uint32_t room_of(unsigned prefix)
{
	return (UINT32_C(1) << (32 - prefix)) - 3;
}

/* Half as much again as there are members, so that it need not move when some are added. */
static unsigned prefix_for(size_t members)
{
	unsigned prefix = SPACE_PIECE_PREFIX;

	while (prefix > LARGEST_PREFIX && room_of(prefix) < members + (prefix < SPACE_PIECE_PREFIX ? members / 2 : 0))
		prefix--;
	return prefix;
}

static uint32_t mask_of(unsigned prefix)
{
	return UINT32_MAX << (32 - prefix);
}

/* "10.4.8.2/22". False: it is something else. */
static bool parse(const char *text, uint32_t *address, unsigned *prefix)
{
	ct_autofree char *copy = ct_strdup(text);
	char *slash = strchr(copy, '/');
	struct in_addr parsed;
	long bits;

	if (!slash)
		return false;
	*slash = '\0';
	bits = strtol(slash + 1, NULL, 10);
	if (inet_pton(AF_INET, copy, &parsed) != 1 || bits < LARGEST_PREFIX - 1 || bits > SPACE_PIECE_PREFIX)
		return false;
	*address = ntohl(parsed.s_addr);
	*prefix = (unsigned)bits;
	return true;
}

/* The network of the plan that an address of the state is on; NULL: it is no longer there. */
static struct network *network_of(const struct addressing *addressing, const struct ct_state_address *address)
{
	uint32_t index;

	return ct_names_get(&addressing->networks, ct_slice_of(address->network), &index)
		       ? &addressing->plan->networks.items[index]
		       : NULL;
}

/* Calls `each` for every address of the state, with the action that its container has in the plan; NULL: none. */
static void for_each_existing(struct addressing *addressing,
			      void (*each)(struct addressing *addressing, const struct action *action,
					   const struct ct_state_address *existing, uint32_t address, unsigned prefix))
{
	const struct plan *plan = addressing->plan;
	const struct action **actions = ct_alloc_array(plan->state->count, sizeof(*actions));

	for (size_t i = 0; i < plan->action_count; i++) {
		if (plan->actions[i].entry)
			actions[plan->actions[i].entry - plan->state->entries] = &plan->actions[i];
	}
	for (size_t i = 0; i < plan->state->count; i++) {
		const struct ct_state_entry *entry = &plan->state->entries[i];

		for (size_t j = 0; j < entry->address_count; j++) {
			uint32_t address;
			unsigned prefix;

			if (parse(entry->addresses[j].address, &address, &prefix))
				each(addressing, actions[i], &entry->addresses[j], address, prefix);
		}
	}
	free(actions);
}

/* With --no-prune a container stays of which the plan does not speak. */
static bool stays(const struct action *action)
{
	return !action || action->kind == ACTION_KEEP;
}

/* The subnet that somebody uses who goes on. */
static void adopt_used(struct addressing *addressing, const struct action *action,
		       const struct ct_state_address *existing, uint32_t address, unsigned prefix)
{
	struct network *network = network_of(addressing, existing);

	if (network && network->prefix == 0 && stays(action)) {
		network->prefix = prefix;
		network->subnet = address & mask_of(prefix);
	}
	/* Whatever there is stays taken until it is gone, the subnets of networks that will be gone too. */
	if (!network || stays(action))
		space_take(&addressing->space, address, prefix);
}

/* Else the last one, when nothing has come in its way and it is large enough. */
static void adopt_last(struct addressing *addressing, const struct action *action,
		       const struct ct_state_address *existing, uint32_t address, unsigned prefix)
{
	struct network *network = network_of(addressing, existing);

	(void)action;
	if (!network || network->prefix || room_of(prefix) < network->count ||
	    space_is_taken(&addressing->space, address, prefix))
		return;
	network->prefix = prefix;
	network->subnet = address & mask_of(prefix);
	space_take(&addressing->space, address, prefix);
}

static int choose(struct addressing *addressing, struct network *network)
{
	unsigned prefix = prefix_for(network->count);
	uint32_t hash = hash_of(addressing->plan->project->state_file, network->name);

	if (!space_find(&addressing->space, hash, prefix, &network->subnet)) {
		ct_fail(addressing->err, "R011", "no subnet is left for the network '%s'", network->name);
		return ct_err_hint(
			addressing->err,
			"the host routes all private addresses elsewhere ('ip route' shows it); a network of "
			"%zu members needs %u free ones in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
			network->count, (unsigned)(room_of(prefix) + 3));
	}
	network->prefix = prefix;
	space_take(&addressing->space, network->subnet, prefix);
	return 0;
}

/* A unique local prefix (RFC 4193): 40 bits of the project, 16 of the network. */
static void choose6(const struct plan *plan, struct network *network)
{
	uint32_t project = hash_of(plan->project->state_file, ""), more = hash_of("", plan->project->state_file);
	uint32_t own = hash_of(plan->project->state_file, network->name);
	const unsigned char prefix[8] = { 0xfd,
					  (unsigned char)(project >> 24),
					  (unsigned char)(project >> 16),
					  (unsigned char)(project >> 8),
					  (unsigned char)project,
					  (unsigned char)more,
					  (unsigned char)(own >> 8),
					  (unsigned char)own };

	memcpy(network->subnet6, prefix, sizeof(prefix));
}

/* Its own bridges of an earlier run are no obstacle. */
static bool is_own_bridge(const char *interface, void *context)
{
	const struct addressing *addressing = context;
	uint32_t index;

	return ct_names_get(&addressing->bridges, ct_slice_of(interface), &index);
}

static int choose_subnets(struct addressing *addressing, const char *routes)
{
	struct plan *plan = addressing->plan;

	if (routes)
		space_take_routes(&addressing->space, routes, is_own_bridge, addressing);
	for_each_existing(addressing, adopt_used);
	for_each_existing(addressing, adopt_last);
	for (size_t i = 0; i < plan->networks.count; i++) {
		struct network *network = &plan->networks.items[i];

		if (network_is_host(network->name))
			continue;
		if (network->prefix == 0 && choose(addressing, network) < 0)
			return -1;
		choose6(plan, network);
	}
	return 0;
}

/* One bit for each number of the network: whether it is given away, to anything that is there now or will be. */
static bool is_given(const struct network *network, uint32_t number)
{
	return network->given[number / 8] & (1u << (number % 8));
}

static void give(struct network *network, uint32_t number)
{
	network->given[number / 8] |= (unsigned char)(1u << (number % 8));
}

uint32_t *addressing_number(const struct networks *networks, uint32_t component, const struct network *network)
{
	const struct membership *membership = &networks->memberships[component];

	for (uint32_t i = 0; i < membership->count; i++) {
		if (networks->joined[membership->begin + i] == (uint32_t)(network - networks->items))
			return &networks->numbers[membership->begin + i];
	}
	return NULL;
}

/* What containers have that exist is theirs, or their successors'. */
static void keep_number(struct addressing *addressing, const struct action *action,
			const struct ct_state_address *existing, uint32_t address, unsigned prefix)
{
	struct network *network = network_of(addressing, existing);
	uint32_t number = address & ~mask_of(prefix);
	uint32_t *place = NULL;

	if (!network || prefix != network->prefix || (address & mask_of(prefix)) != network->subnet || number < 2 ||
	    number > room_of(prefix) + 1 || is_given(network, number))
		return;
	give(network, number);
	if (action && action->component != NOTHING)
		place = addressing_number(&addressing->plan->networks, action->component, network);
	if (place)
		*place = number;
}

static int give_new(struct addressing *addressing, struct network *network, uint32_t component, uint32_t *place)
{
	const char *name = addressing->plan->composition->components[component].name;
	uint32_t room = room_of(network->prefix), hash = hash_of(name, network->name);

	for (uint32_t i = 0; i < room; i++) {
		uint32_t number = 2 + (hash % room + i) % room;

		if (!is_given(network, number)) {
			give(network, number);
			*place = number;
			return 0;
		}
	}
	ct_fail(addressing->err, "R011", "the network '%s' has no address left for component '%s'", network->name,
		name);
	return ct_err_hint(addressing->err,
			   "its subnet was chosen for fewer; 'ctst stop' and then 'ctst run' makes a larger one");
}

static int number_component(struct addressing *addressing, uint32_t component)
{
	struct networks *networks = &addressing->plan->networks;
	const struct membership *membership = &networks->memberships[component];

	/* On the host's network one is everywhere already. */
	if (network_is_host(addressing->plan->composition->components[component].network))
		return 0;
	for (uint32_t i = membership->begin; i < membership->begin + membership->count; i++) {
		struct network *network = &networks->items[networks->joined[i]];

		if (network->prefix && networks->numbers[i] == 0 &&
		    give_new(addressing, network, component, &networks->numbers[i]) < 0)
			return -1;
	}
	return 0;
}

static int check_memberships(const struct plan *plan, struct ct_err *err)
{
	for (size_t i = 0; i < plan->composition->count; i++) {
		if (plan->networks.memberships[i].count <= ADDRESSING_MOST_NETWORKS)
			continue;
		ct_fail(err, "R011", "component '%s' would be on %u networks, and %d is the most",
			plan->composition->components[i].name, plan->networks.memberships[i].count,
			ADDRESSING_MOST_NETWORKS);
		return ct_err_hint(err, "put what it is connected to onto fewer networks");
	}
	return 0;
}

static int number_all(struct addressing *addressing)
{
	struct plan *plan = addressing->plan;

	plan->networks.numbers = ct_alloc_array(plan->networks.joined_count, sizeof(*plan->networks.numbers));
	for (size_t i = 0; i < plan->networks.count; i++) {
		struct network *network = &plan->networks.items[i];

		if (network->prefix)
			network->given = ct_arena_zalloc(&plan->arena, (size_t)(room_of(network->prefix) + 3) / 8 + 1);
	}
	for_each_existing(addressing, keep_number);
	/* In start order, so that who comes first has the better right to a place that two would have. */
	for (size_t i = 0; i < plan->composition->count; i++) {
		if (number_component(addressing, plan->order[i]) < 0)
			return -1;
	}
	return 0;
}

static void add_names(struct addressing *addressing, size_t index)
{
	struct network *network = &addressing->plan->networks.items[index];

	ct_bridge_name(addressing->plan->project->state_file, network->name, network->bridge);
	ct_names_add(&addressing->networks, ct_slice_of(network->name), (uint32_t)index, NULL);
	ct_names_add(&addressing->bridges, ct_slice_of(network->bridge), (uint32_t)index, NULL);
}

int addressing_assign(struct plan *plan, const char *routes, struct ct_err *err)
{
	struct addressing addressing = { .plan = plan, .err = err };
	int status;

	if (check_memberships(plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->networks.count; i++)
		add_names(&addressing, i);
	status = choose_subnets(&addressing, routes);
	if (status == 0)
		status = number_all(&addressing);
	ct_names_release(&addressing.networks);
	ct_names_release(&addressing.bridges);
	return status;
}

const char *addressing_text(const struct network *network, uint32_t number, struct ct_arena *arena)
{
	uint32_t address = network->subnet + number;

	return ct_arena_printf(arena, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
			       address & 255);
}

const char *addressing_text6(const struct network *network, uint32_t number, struct ct_arena *arena)
{
	unsigned char address[16] = { 0 };
	char text[INET6_ADDRSTRLEN];

	memcpy(address, network->subnet6, sizeof(network->subnet6));
	for (unsigned i = 0; i < 4; i++)
		address[15 - i] = (unsigned char)(number >> (8 * i));
	inet_ntop(AF_INET6, address, text, sizeof(text));
	return ct_arena_copy(arena, text, strlen(text));
}
