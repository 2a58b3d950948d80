#include "ctst-spawn/network/plan_networks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/buf.h"
#include "ctst-spawn/network/attachments.h"
#include "ctst-spawn/network/files.h"

static int wrong(struct ct_err *err, const char *network, const char *problem)
{
	return ct_fail(err, "P001", "plan: network '%s': %s", network, problem);
}

/* The subnet with its prefix; the bridge has its first address. A network without one has no members with addresses. */
static int read_subnet(const struct ct_json *item, const char *key, const char *gateway_key, int family,
		       struct network_address *subnet)
{
	struct network_address gateway, first;

	*subnet = (struct network_address){ 0 };
	if (!ct_json_get(item, key))
		return 0;
	if (!network_address_parse(ct_json_get_string(item, key), subnet) || subnet->family != family ||
	    !network_address_parse(ct_json_get_string(item, gateway_key), &gateway))
		return -1;
	first = attachment_gateway(subnet);
	return gateway.family == family && memcmp(gateway.bytes, first.bytes, network_address_length(&first)) == 0 ? 0
														   : -1;
}

static bool is_within(const struct network_address *address, const struct network_address *subnet)
{
	struct network_address placed = *address, base, gateway = attachment_gateway(subnet);
	size_t length = network_address_length(subnet);

	placed.prefix = subnet->prefix;
	base = network_address_base(&placed);
	return address->family == subnet->family &&
	       memcmp(base.bytes, network_address_base(subnet).bytes, length) == 0 &&
	       memcmp(address->bytes, base.bytes, length) != 0 && memcmp(address->bytes, gateway.bytes, length) != 0;
}

/* "10.4.8.2" of the subnet becomes "10.4.8.2/22". NULL: it is no address of it. Owned by the caller. */
static char *placed_address(const struct ct_json *member, const char *key, const struct network_address *subnet)
{
	const char *text = ct_json_get_string(member, key);
	struct network_address address;

	if (!network_address_parse(text, &address) || !is_within(&address, subnet))
		return NULL;
	return ct_asprintf("%s/%u", text, subnet->prefix);
}

static void add_address(struct action *action, const char *network, char *address, char *address6)
{
	struct ct_state_address *added;
	const char *own = ct_json_get_string(action->container, "network");

	action->addresses = ct_realloc_array(action->addresses, action->address_count + 1, sizeof(*action->addresses));
	added = &action->addresses[action->address_count++];
	/* Its own network is its first interface, and has the way out. */
	if (own && strcmp(own, network) == 0 && action->address_count > 1) {
		*added = action->addresses[0];
		added = &action->addresses[0];
	}
	*added = (struct ct_state_address){ (char *)(uintptr_t)network, address, address6 };
}

struct reading {
	struct plan *plan;
	const struct ct_names *names;
	struct ct_err *err;
};

static int read_member(const struct reading *reading, const char *network, const struct ct_json *member,
		       const struct network_address *subnet, const struct network_address *subnet6)
{
	const char *component = ct_json_get_string(member, "component");
	struct action *action;
	char *address, *address6;
	uint32_t index;

	if (!component || !network_name_is_plain(component) ||
	    !ct_names_get(reading->names, ct_slice_of(component), &index))
		return wrong(reading->err, network, "a member is no component of the plan");
	if (!ct_json_get(member, "address"))
		return 0;
	action = &reading->plan->actions[index];
	address = placed_address(member, "address", subnet);
	address6 = ct_json_get(member, "address6") ? placed_address(member, "address6", subnet6) : NULL;
	if (!address || (ct_json_get(member, "address6") && !address6) || action->address_count == ATTACHMENTS_MOST) {
		free(address);
		free(address6);
		return wrong(reading->err, network, "a member's address is not one of its subnets");
	}
	add_address(action, network, address, address6);
	return 0;
}

static int read_network(const struct reading *reading, const struct ct_json *item)
{
	const char *name = ct_json_get_string(item, "name"), *bridge = ct_json_get_string(item, "bridge");
	const struct ct_json *members = ct_json_get_typed(item, "members", CT_JSON_ARRAY);
	struct network_address subnet, subnet6;

	if (!name || strlen(name) > 255 || !members)
		return ct_fail(reading->err, "P001", "plan: a network has no name, or no members");
	if (bridge && !ct_is_bridge_name(bridge))
		return wrong(reading->err, name, "'bridge' is not the name of a bridge of ours");
	if (read_subnet(item, "subnet", "gateway", AF_INET, &subnet) < 0 ||
	    read_subnet(item, "subnet6", "gateway6", AF_INET6, &subnet6) < 0)
		return wrong(reading->err, name, "the subnets are damaged, or the gateways not their first addresses");
	ct_json_each(member, members) {
		if (read_member(reading, name, member, &subnet, &subnet6) < 0)
			return -1;
	}
	return 0;
}

int plan_networks_read(const struct ct_json *root, const struct ct_names *names, struct plan *plan, struct ct_err *err)
{
	struct reading reading = { plan, names, err };

	plan->networks = ct_json_get_typed(root, "networks", CT_JSON_ARRAY);
	ct_json_each(item, plan->networks) {
		if (read_network(&reading, item) < 0)
			return -1;
	}
	return 0;
}

void plan_networks_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		for (size_t j = 0; j < plan->actions[i].address_count; j++) {
			free(plan->actions[i].addresses[j].address);
			free(plan->actions[i].addresses[j].address6);
		}
		free(plan->actions[i].addresses);
	}
}
