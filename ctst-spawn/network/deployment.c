#include "ctst-spawn/network/deployment.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/network/attachments.h"
#include "ctst-spawn/network/bridge.h"
#include "ctst-spawn/network/files.h"
#include "ctst-spawn/network/make_room.h"
#include "ctst-spawn/network/members.h"
#include "ctst-spawn/network/outbound.h"
#include "ctst-spawn/network/published.h"
#include "ctst-spawn/network/rules.h"
#include "ctst-spawn/network/uplink.h"
#include "ctst-spawn/network/use.h"

struct network_deployment {
	struct members members;
	int directory; /* of use.h */
	int *locks;    /* by network, and one more for the rules */
	size_t lock_count;
	struct place place;
	int uplink; /* the lock of uplink.h; -1: none */
};

static const char *root_of(const struct deploy *deploy)
{
	return deploy->project->root;
}

static void lock_name(const struct deploy *deploy, size_t index, char name[USE_NAME_LENGTH + 1])
{
	const struct members *members = &deploy->network->members;
	const char *network = index < members->count ? members->items[index].name : "";

	use_name(deploy->project->state_file, network, members->where, name);
}

/* Held until all that starts has locks of its own. */
static int lock_all(struct deploy *deploy, struct ct_err *err)
{
	struct network_deployment *network = deploy->network;

	network->directory = use_open_directory(root_of(deploy), true);
	if (network->directory < 0)
		return ct_fail_errno(err, "S003", "cannot create '%s/networks'", root_of(deploy));
	network->locks = ct_alloc_array(network->members.count + 1, sizeof(*network->locks));
	for (size_t i = 0; i <= network->members.count; i++) {
		char name[USE_NAME_LENGTH + 1];

		lock_name(deploy, i, name);
		network->locks[i] = use_lock(network->directory, name);
		if (network->locks[i] < 0)
			return ct_fail_errno(err, "S003", "cannot lock '%s/networks/%s.lock'", root_of(deploy), name);
		network->lock_count++;
	}
	return 0;
}

static int write_members(struct deploy *deploy, struct ct_err *err)
{
	struct network_deployment *network = deploy->network;

	for (size_t i = 0; i < network->members.count; i++) {
		char name[USE_NAME_LENGTH + 1];

		lock_name(deploy, i, name);
		if (network_members_write(network->directory, name, &network->members.items[i].list) < 0)
			return ct_fail_errno(err, "S003", "cannot write '%s/networks/%s.hosts'", root_of(deploy), name);
	}
	return 0;
}

/* The bridges in the caller's own network namespace, then what may pass between them and the rest of the world. */
static int make_bridges(struct deploy *deploy, struct ct_err *err)
{
	struct members *members = &deploy->network->members;
	autonetlink netlink = NETLINK_INIT;

	if (netlink_open(&netlink, NETLINK_ROUTE) < 0)
		return ct_fail_errno(err, "R011", "cannot open a netlink socket");
	for (size_t i = 0; i < members->count; i++) {
		const struct member_network *item = &members->items[i];
		struct bridge bridge = { .name = item->bridge,
					 .network = item->name,
					 .project = deploy->project->directory,
					 .gateway = item->gateway,
					 .gateway6 = item->gateway6,
					 .forwards = true,
					 .localhost = item->localhost };
		uint32_t index;

		if (item->is_used && bridge_make(&netlink, &bridge, &index, err) < 0)
			return -1;
	}
	return 0;
}

static int apply_rules(struct deploy *deploy, struct ct_err *err)
{
	struct members *members = &deploy->network->members;
	struct rules rules = { .targets = members->targets, .target_count = members->target_count };
	char name[USE_NAME_LENGTH + 1];
	int status;

	lock_name(deploy, members->count, name);
	rules_table_name(name, rules.table);
	rules.networks = ct_alloc_array(members->count, sizeof(*rules.networks));
	for (size_t i = 0; i < members->count; i++) {
		const struct member_network *item = &members->items[i];

		if (item->is_used)
			rules.networks[rules.network_count++] = (struct rules_network){
				item->bridge, network_address_base(&item->gateway),
				network_address_base(&item->gateway6), item->localhost
			};
	}
	status = rules_apply(&rules, err);
	free(rules.networks);
	return status;
}

/* A network without a way out is one all the same. */
static void open_uplink(struct network_deployment *network)
{
	bool closed;

	network->uplink = uplink_open(network->members.any_outside, &closed);
	if (closed)
		ct_warn("ctst-spawn",
			"the host does not forward what comes in by its interfaces, and that cannot be changed: "
			"containers have no way out (sysctl net.ipv4.ip_forward)");
}

/* The namespaces of the project, and without root a way out of them. */
static int find_place(struct deploy *deploy, struct ct_err *err)
{
	struct network_deployment *network = deploy->network;
	struct ct_err problem = CT_ERR_INIT;
	char name[USE_NAME_LENGTH + 1];

	if (place_find(deploy->state, network->members.where == USE_OFFLINE, &network->place))
		return 0;
	if (place_make(&network->place, err) < 0)
		return -1;
	if (network->members.where == USE_OFFLINE)
		return 0;
	lock_name(deploy, network->members.count, name);
	if (!outbound_start(&network->place, root_of(deploy), name, &problem) && problem.message[0])
		ct_warn("ctst-spawn", "containers have no way out: %s", problem.message);
	return 0;
}

static int set_up(struct deploy *deploy, struct ct_err *err)
{
	struct network_deployment *network = deploy->network;

	if (network->members.count == 0)
		return 0;
	if (make_room(deploy, err) < 0)
		return -1;
	if (lock_all(deploy, err) < 0 || write_members(deploy, err) < 0)
		return -1;
	if (!network->members.any_used)
		return 0;
	if (network->members.where != USE_ON_HOST)
		return find_place(deploy, err);
	if (make_bridges(deploy, err) < 0 || apply_rules(deploy, err) < 0)
		return -1;
	open_uplink(network);
	return 0;
}

static int begin(struct deploy *deploy,
		 int (*collect)(const struct deploy *deploy, struct members *members, struct ct_err *err),
		 struct ct_err *err)
{
	deploy->network = ct_alloc_array(1, sizeof(*deploy->network));
	*deploy->network = (struct network_deployment){ .directory = -1, .place = PLACE_NONE, .uplink = -1 };
	if (collect(deploy, &deploy->network->members, err) == 0 && set_up(deploy, err) == 0)
		return 0;
	network_deployment_end(deploy);
	return -1;
}

int network_deployment_begin(struct deploy *deploy, struct ct_err *err)
{
	return begin(deploy, members_collect, err);
}

int network_deployment_restore(struct deploy *deploy, struct ct_err *err)
{
	network_deployment_end(deploy);
	return begin(deploy, members_collect_found, err);
}

const struct place *network_deployment_place(const struct deploy *deploy, const struct ct_state_entry *entry)
{
	static const struct place none = PLACE_NONE;

	return deploy->network && entry->address_count > 0 ? &deploy->network->place : &none;
}

void network_deployment_end(struct deploy *deploy)
{
	struct network_deployment *network = deploy->network;

	if (!network)
		return;
	for (size_t i = 0; i < network->lock_count; i++) {
		char name[USE_NAME_LENGTH + 1];

		lock_name(deploy, i, name);
		use_unlock(network->directory, name, network->locks[i], network->members.where == USE_ON_HOST);
	}
	if (network->directory >= 0)
		close(network->directory);
	uplink_close(network->uplink);
	place_release(&network->place);
	members_release(&network->members);
	free(network->locks);
	free(network);
	deploy->network = NULL;
}
