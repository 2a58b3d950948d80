/* The interfaces of one run of a container. */
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctst-spawn/network/bridge.h"
#include "ctst-spawn/network/link.h"
#include "ctst-spawn/network/names.h"
#include "ctst-spawn/network/network.h"

/* A member's own, always the same for the same address: others know it after a restart as before. */
static void choose_hardware(const struct network_address *address, unsigned char hardware[6])
{
	hardware[0] = 0x02;
	hardware[1] = 0xc7;
	memcpy(hardware + 2, address->bytes, 4);
}

/* The bridge's index. It is there but for the first container in a namespace of the project's own. */
static int find_bridge(const struct network *network, const struct attachment *attachment, struct netlink *netlink,
		       uint32_t *index, struct ct_err *err)
{
	struct bridge bridge = { .name = attachment->bridge,
				 .network = attachment->network,
				 .project = network->config->project_directory,
				 .gateway = attachment->gateway,
				 .gateway6 = attachment->gateway6,
				 .forwards = network->outwards };

	*index = if_nametoindex(attachment->bridge);
	return *index ? 0 : bridge_make(netlink, &bridge, index, err);
}

static int add_pairs(struct network *network, struct netlink *netlink, int namespace, struct ct_err *err)
{
	char names[ATTACHMENTS_MOST][IF_NAMESIZE], peers[ATTACHMENTS_MOST][IF_NAMESIZE];

	for (unsigned i = 0; i < network->attachments->count; i++) {
		struct attachment *attachment = &network->attachments->items[i];
		struct link_pair pair = { .name = names[i], .peer = peers[i], .namespace = namespace };

		network_port_name(network->config->id, i, names[i]);
		snprintf(peers[i], sizeof(peers[i]), "eth%u", i);
		choose_hardware(&attachment->address, pair.hardware);
		if (find_bridge(network, attachment, netlink, &pair.master, err) < 0)
			return -1;
		/* The last run's goes with its namespace, but the kernel takes its time for that. */
		if (network->runs > 0)
			link_remove(netlink, names[i]);
		link_add_pair(netlink, &pair);
		/* Published ports lead to the first interface. */
		if (i == 0 && !network->inside && network->publishing.count > 0)
			link_allow_return(netlink, names[i]);
		if (netlink_send(netlink) < 0)
			return netlink_fail(netlink, err, "cannot connect the container to the network '%s'",
					    attachment->network);
	}
	return 0;
}

/* In the container's namespace. */
static int configure(const struct network *network, struct ct_err *err)
{
	autonetlink netlink = NETLINK_INIT;

	if (netlink_open(&netlink, NETLINK_ROUTE) < 0)
		return ct_fail_errno(err, "R011", "cannot open a netlink socket");
	for (unsigned i = 0; i < network->attachments->count; i++) {
		const struct attachment *attachment = &network->attachments->items[i];
		char name[IF_NAMESIZE];
		uint32_t index;

		snprintf(name, sizeof(name), "eth%u", i);
		index = if_nametoindex(name);
		/* Up first: an IPv6 address is usable at once only where there is a carrier. */
		link_set_up(&netlink, index);
		link_add_address(&netlink, index, &attachment->address);
		if (attachment->address6.family) {
			link_add_address(&netlink, index, &attachment->address6);
			netlink_accept_any(&netlink);
		}
		if (i > 0 || !network->outwards)
			continue;
		link_add_default_route(&netlink, index, &attachment->gateway);
		if (attachment->gateway6.family) {
			link_add_default_route(&netlink, index, &attachment->gateway6);
			netlink_accept_any(&netlink);
		}
	}
	if (netlink_send(&netlink) < 0)
		return netlink_fail(&netlink, err, "cannot set the addresses of the container");
	return 0;
}

/* A supervisor that is left in its container's namespace must not go on: all it does would happen there. */
static int configure_inside(const struct network *network, int namespace, struct ct_err *err)
{
	int status;

	if (setns(namespace, CLONE_NEWNET) < 0)
		return ct_fail_errno(err, "R011", "cannot enter the container's network namespace");
	status = configure(network, err);
	if (setns(network->home, CLONE_NEWNET) < 0)
		abort();
	return status;
}

/* The bridge learns of the carrier when the kernel finds the time; what is sent before that is lost, unless it is asked. */
static void open_ports(const struct network *network, struct netlink *netlink)
{
	for (unsigned i = 0; i < network->attachments->count; i++) {
		char name[IF_NAMESIZE];
		struct link_seen ignored = { 0 };

		network_port_name(network->config->id, i, name);
		(void)link_find(netlink, name, &ignored);
	}
}

int network_attach(struct network *network, int namespace, struct ct_err *err)
{
	autonetlink netlink = NETLINK_INIT;

	if (network->attachments->count == 0)
		return 0;
	if (netlink_open(&netlink, NETLINK_ROUTE) < 0)
		return ct_fail_errno(err, "R011", "cannot open a netlink socket");
	if (add_pairs(network, &netlink, namespace, err) < 0)
		return -1;
	network->runs++;
	if (configure_inside(network, namespace, err) < 0)
		return -1;
	open_ports(network, &netlink);
	return 0;
}
