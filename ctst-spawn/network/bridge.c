#include "ctst-spawn/network/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/network/link.h"

#define LONGEST_DESCRIPTION 255 /* IFALIASZ */

/*
 * The first bytes of the hardware address, by which we know our bridges again: a bridge has them from the moment on that
 * it exists. Locally administered (IEEE 802, 8.2.2); the others are those of its address, so that it is always the same
 * one, which members keep in mind.
 */
enum { OURS_0 = 0x02, OURS_1 = 0xc7 };

static int set(const char *family, const char *name, const char *key, bool on)
{
	char path[128];
	ct_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, on ? "1" : "0", 1) == 1 ? 0 : -1;
}

/*
 * Members are strangers to this host: it takes no routes from them (accept_ra; else any of them could become its
 * router). What IPv6 needs is set only where the host has it.
 */
static int restrict_host(const struct bridge *bridge, struct ct_err *err)
{
	if (set("ipv4", bridge->name, "forwarding", bridge->forwards) < 0 ||
	    set("ipv4", bridge->name, "route_localnet", bridge->localhost) < 0)
		return ct_fail_errno(err, "R011", "cannot set up the bridge '%s'", bridge->name);
	if (set("ipv6", bridge->name, "accept_ra", false) < 0 && errno != ENOENT)
		return ct_fail_errno(err, "R011", "cannot set up the bridge '%s'", bridge->name);
	/* Linux 6.17; before that IPv6 is forwarded when the host does so in general, which is its owner's business. */
	(void)set("ipv6", bridge->name, "force_forwarding", bridge->forwards);
	return 0;
}

static bool is_ours(const struct link_seen *link)
{
	return link->is_bridge && link->hardware[0] == OURS_0 && link->hardware[1] == OURS_1;
}

static int refuse_foreign(const char *name, struct ct_err *err)
{
	ct_fail(err, "R011", "there is an interface '%s' already, and it is not one of ours", name);
	return ct_err_hint(err,
			   "'ip link show %s' shows it; remove it with 'ip link delete %s', or run the project "
			   "from another directory",
			   name, name);
}

static int configure(struct netlink *netlink, const struct bridge *bridge, uint32_t index, struct ct_err *err)
{
	if (restrict_host(bridge, err) < 0)
		return -1;
	link_add_address(netlink, index, &bridge->gateway);
	if (bridge->gateway6.family) {
		link_add_address(netlink, index, &bridge->gateway6);
		/* A host without IPv6 has networks without it. */
		netlink_accept_any(netlink);
	}
	link_set_up(netlink, index);
	if (netlink_send(netlink) < 0)
		return netlink_fail(netlink, err, "cannot set up the bridge '%s'", bridge->name);
	return 0;
}

/* Somebody else of this project may be making it at this moment: then it is there, and ours. */
static int make(struct netlink *netlink, const struct bridge *bridge, struct ct_err *err)
{
	const unsigned char *address = bridge->gateway.bytes;
	const unsigned char hardware[6] = { OURS_0, OURS_1, address[0], address[1], address[2], address[3] };
	char text[LONGEST_DESCRIPTION + 1];

	snprintf(text, sizeof(text), "containust: network '%s' of %s", bridge->network, bridge->project);
	link_add_bridge(netlink, bridge->name, hardware);
	netlink_accept(netlink, EEXIST);
	if (netlink_send(netlink) < 0)
		return netlink_fail(netlink, err, "cannot create the bridge '%s'", bridge->name);
	link_describe(netlink, bridge->name, text);
	(void)netlink_send(netlink);
	return 0;
}

int bridge_make(struct netlink *netlink, const struct bridge *bridge, uint32_t *index, struct ct_err *err)
{
	struct link_seen link;

	if (link_find(netlink, bridge->name, &link) < 0) {
		if (errno != ENODEV)
			return netlink_fail(netlink, err, "cannot look for the bridge '%s'", bridge->name);
		if (make(netlink, bridge, err) < 0)
			return -1;
		if (link_find(netlink, bridge->name, &link) < 0)
			return netlink_fail(netlink, err, "cannot find the bridge '%s'", bridge->name);
	}
	if (!is_ours(&link))
		return refuse_foreign(bridge->name, err);
	*index = link.index;
	return configure(netlink, bridge, link.index, err);
}

int bridge_remove(struct netlink *netlink, const char *name)
{
	struct link_seen link;

	if (link_find(netlink, name, &link) < 0)
		return errno == ENODEV ? 0 : -1;
	if (!is_ours(&link))
		return 0;
	link_remove(netlink, name);
	return netlink_send(netlink);
}
