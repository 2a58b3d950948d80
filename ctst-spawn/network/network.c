#include "ctst-spawn/network/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/network_name.h"
#include "ctst-spawn/network/link.h"
#include "ctst-spawn/network/names.h"
#include "ctst-spawn/network/outbound.h"
#include "ctst-spawn/network/published.h"
#include "ctst-spawn/network/rules.h"
#include "ctst-spawn/network/uplink.h"
#include "ctst-spawn/network/use.h"
#include "ctst-spawn/supervise.h"

/* Goes to a namespace if ctst-spawn has passed one on; else the number is free, or something else's. Returns whether. */
static int enter(int fd, int type)
{
	if (ioctl(fd, NS_GET_NSTYPE) != type)
		return 0;
	if (setns(fd, type) < 0)
		return -1;
	close(fd);
	return 1;
}

/*
 * The user namespace first: in it this process may do what the other one needs. It stays the same user, and the files of
 * the project stay its files.
 */
static int enter_home(struct network *network, struct ct_err *err)
{
	int entered;

	if (enter(SUPERVISE_USER_FD, CLONE_NEWUSER) < 0)
		return ct_fail_errno(err, "R011", "cannot enter the user namespace of the project");
	entered = enter(SUPERVISE_NETWORK_FD, CLONE_NEWNET);
	if (entered < 0)
		return ct_fail_errno(err, "R011", "cannot enter the network namespace of the project");
	network->inside = entered > 0;
	network->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (network->home < 0)
		return ct_fail_errno(err, "R011", "cannot open the network namespace");
	return 0;
}

/* One of use.h. */
struct network_lock {
	char name[USE_NAME_LENGTH + 1];
	int fd;
};

static enum use_where where(const struct network *network)
{
	return network->config->container.offline ? USE_OFFLINE : network->inside ? USE_INSIDE : USE_ON_HOST;
}

static int add_lock(struct network *network, const char *name, struct ct_err *err)
{
	struct network_lock *lock = &network->locks[network->lock_count];

	snprintf(lock->name, sizeof(lock->name), "%s", name);
	lock->fd = use_lock(network->directory, name);
	if (lock->fd < 0)
		return ct_fail_errno(err, "R011", "cannot lock 'networks/%s.lock' of the project", name);
	network->lock_count++;
	return 0;
}

/* The networks that this container is on, and what all networks of the index share. */
static int lock_all(struct network *network, const char *state_file, struct ct_err *err)
{
	char name[USE_NAME_LENGTH + 1];

	if (network->attachments->count == 0)
		return 0;
	network->locks = ct_alloc_array(network->attachments->count + 1, sizeof(*network->locks));
	for (size_t i = 0; i < network->attachments->count; i++) {
		use_name(state_file, network->attachments->items[i].network, where(network), name);
		if (add_lock(network, name, err) < 0)
			return -1;
	}
	use_name(state_file, "", where(network), name);
	return add_lock(network, name, err);
}

static int open_directory(struct network *network, struct ct_err *err)
{
	ct_autofree char *root = config_project_root(network->config);

	network->directory = use_open_directory(root, false);
	if (network->directory < 0 && (errno != ENOENT || network->interfaces > 0))
		return ct_fail_errno(err, "R011", "cannot open '%s/networks'", root);
	return 0;
}

static int read_attachments(struct network *network, const char *state_file, struct ct_err *err)
{
	if (network->attachments)
		return 0;
	network->attachments = ct_alloc_array(1, sizeof(*network->attachments));
	return attachments_read(network->config->addresses, state_file, "S001", network->attachments, err);
}

/* The packet filter leads the ports to the container. */
static int open_target(struct network *network, const char *state_file, struct ct_err *err)
{
	const struct ct_json *published = network->config->container.published;
	const struct attachment *attachment = &network->attachments->items[0];
	ct_autofree struct rules_port *ports = ct_alloc_array(published->length, sizeof(*ports));
	struct rules_target target = { .ports = ports };
	char index[CT_BRIDGE_NAME_LENGTH + 1], address[NETWORK_ADDRESS_TEXT], address6[NETWORK_ADDRESS_TEXT] = "";

	network_address_format(&attachment->address, address);
	if (attachment->address6.family)
		network_address_format(&attachment->address6, address6);
	ct_json_each(item, published) {
		struct published port;

		if (published_read(item, &port) == 0)
			target.port_count += published_rule(&port, address, address6, &ports[target.port_count]);
	}
	ct_bridge_name(state_file, "", index);
	rules_table_name(index, network->table);
	rules_chain_name(network->config->container.name, target.chain);
	return rules_open_target(network->table, &target, err);
}

static void close_target(const struct network *network)
{
	char chain[RULES_CHAIN_LENGTH];

	if (!network->table[0])
		return;
	rules_chain_name(network->config->container.name, chain);
	(void)rules_close_target(network->table, chain);
}

int network_open(struct network *network, const struct config *config, struct ct_err *err)
{
	ct_autofree char *state_file = config_state_file(config);

	*network = (struct network)NETWORK_INIT;
	network->config = config;
	if (read_attachments(network, state_file, err) < 0)
		return -1;
	network->interfaces = (unsigned)network->attachments->count;
	/* The ports are the host's: before this process leaves its network. */
	if (network->interfaces > 0 && publishing_open(&network->publishing, config->container.published, err) < 0)
		return -1;
	if (enter_home(network, err) < 0 || open_directory(network, err) < 0 || lock_all(network, state_file, err) < 0)
		return -1;
	network->outwards = !network->inside || outbound_exists();
	/* What ctst-spawn has switched on stays on as long as this lives. */
	if (!network->inside && network->interfaces > 0 && geteuid() == 0)
		network->uplink = uplink_join();
	if (network->publishing.count == 0)
		return 0;
	if (!network->inside && open_target(network, state_file, err) < 0)
		return -1;
	return publishing_start(&network->publishing, config->container.published, &network->attachments->items[0],
				network->inside, err);
}

int network_prepare_run(struct network *network, const char *hostname, struct ct_err *err)
{
	ct_autofree char *state_file = config_state_file(network->config);
	struct network_setting setting = {
		.directory = network->directory,
		.state_file = state_file,
		.where = where(network),
		.component = network->config->container.name,
		.hostname = hostname,
		.joins = network->config->container.joins,
		.host = strcmp(network->config->container.network, "host") == 0,
		.outwards = network->outwards && network->interfaces > 0,
		.resolver = network->inside ? OUTBOUND_RESOLVER : NULL,
	};

	if (read_attachments(network, state_file, err) < 0)
		return -1;
	setting.attachments = network->attachments;
	return network_files_make(&setting, &network->files, err);
}

void network_forget(struct network *network)
{
	network_files_release(&network->files);
	free(network->attachments);
	network->attachments = NULL;
}

void network_release(struct network *network)
{
	network_forget(network);
	free(network->locks);
}

/* They would go with the container's namespace, but a bridge is not taken away under its ports. */
static void remove_ports(const struct network *network)
{
	autonetlink netlink = NETLINK_INIT;
	char name[IF_NAMESIZE];

	if (network->runs == 0 || netlink_open(&netlink, NETLINK_ROUTE) < 0)
		return;
	for (unsigned i = 0; i < network->interfaces; i++) {
		network_port_name(network->config->id, i, name);
		link_remove(&netlink, name);
	}
	(void)netlink_send(&netlink);
}

void network_close(struct network *network)
{
	close_target(network);
	publishing_close(&network->publishing);
	remove_ports(network);
	uplink_close(network->uplink);
	for (size_t i = 0; i < network->lock_count; i++)
		use_unlock(network->directory, network->locks[i].name, network->locks[i].fd, true);
	free(network->locks);
	if (network->directory >= 0)
		close(network->directory);
	if (network->home >= 0)
		close(network->home);
	network_forget(network);
	*network = (struct network)NETWORK_INIT;
}
