#include "ctst-spawn/network/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void begin_link(struct netlink *netlink, int type, int flags, uint32_t index, unsigned interface_flags)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC,
				    .ifi_index = (int)index,
				    .ifi_flags = interface_flags,
				    .ifi_change = interface_flags };

	netlink_begin(netlink, type, flags, &header, sizeof(header));
}

/* No learning of groups: containers are few, and their neighbour discovery is multicast that must arrive at once. */
void link_add_bridge(struct netlink *netlink, const char *name, const unsigned char hardware[6])
{
	size_t info, data;

	begin_link(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0);
	netlink_put_text(netlink, IFLA_IFNAME, name);
	netlink_put(netlink, IFLA_ADDRESS, hardware, 6);
	info = netlink_nest(netlink, IFLA_LINKINFO);
	netlink_put_text(netlink, IFLA_INFO_KIND, "bridge");
	data = netlink_nest(netlink, IFLA_INFO_DATA);
	netlink_put_u8(netlink, IFLA_BR_MCAST_SNOOPING, 0);
	netlink_put_u32(netlink, IFLA_BR_FORWARD_DELAY, 0);
	netlink_end(netlink, data);
	netlink_end(netlink, info);
}

void link_set_up(struct netlink *netlink, uint32_t index)
{
	begin_link(netlink, RTM_NEWLINK, 0, index, IFF_UP);
}

void link_describe(struct netlink *netlink, const char *name, const char *text)
{
	begin_link(netlink, RTM_NEWLINK, 0, 0, 0);
	netlink_put_text(netlink, IFLA_IFNAME, name);
	netlink_put(netlink, IFLA_IFALIAS, text, strlen(text));
}

/* The peer cannot be brought up by the same message: its other end is not connected yet then (ENOTCONN). */
void link_add_pair(struct netlink *netlink, const struct link_pair *pair)
{
	struct ifinfomsg peer = { .ifi_family = AF_UNSPEC };
	uint32_t namespace = (uint32_t)pair->namespace;
	size_t info, data, nest;

	begin_link(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, IFF_UP);
	netlink_put_text(netlink, IFLA_IFNAME, pair->name);
	netlink_put_u32(netlink, IFLA_MASTER, pair->master);
	info = netlink_nest(netlink, IFLA_LINKINFO);
	netlink_put_text(netlink, IFLA_INFO_KIND, "veth");
	data = netlink_nest(netlink, IFLA_INFO_DATA);
	nest = netlink_nest(netlink, VETH_INFO_PEER);
	netlink_put_raw(netlink, &peer, sizeof(peer));
	netlink_put_text(netlink, IFLA_IFNAME, pair->peer);
	netlink_put(netlink, IFLA_ADDRESS, pair->hardware, sizeof(pair->hardware));
	netlink_put_u32(netlink, IFLA_NET_NS_FD, namespace);
	netlink_end(netlink, nest);
	netlink_end(netlink, data);
	netlink_end(netlink, info);
}

void link_allow_return(struct netlink *netlink, const char *name)
{
	size_t info, data;

	begin_link(netlink, RTM_NEWLINK, 0, 0, 0);
	netlink_put_text(netlink, IFLA_IFNAME, name);
	info = netlink_nest(netlink, IFLA_LINKINFO);
	netlink_put_text(netlink, IFLA_INFO_SLAVE_KIND, "bridge");
	data = netlink_nest(netlink, IFLA_INFO_SLAVE_DATA);
	netlink_put_u8(netlink, IFLA_BRPORT_MODE, 1);
	netlink_end(netlink, data);
	netlink_end(netlink, info);
}

void link_remove(struct netlink *netlink, const char *name)
{
	begin_link(netlink, RTM_DELLINK, 0, 0, 0);
	netlink_put_text(netlink, IFLA_IFNAME, name);
	netlink_accept(netlink, ENODEV);
}

void link_add_address(struct netlink *netlink, uint32_t index, const struct network_address *address)
{
	struct ifaddrmsg header = { .ifa_family = (uint8_t)address->family,
				    .ifa_prefixlen = (uint8_t)address->prefix,
				    .ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0,
				    .ifa_index = index };

	netlink_begin(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
	netlink_put(netlink, IFA_LOCAL, address->bytes, network_address_length(address));
	if (address->family == AF_INET) {
		unsigned char broadcast[4];

		for (unsigned i = 0; i < 4; i++) {
			unsigned kept = address->prefix > i * 8 ? address->prefix - i * 8 : 0;

			broadcast[i] = kept >= 8 ? address->bytes[i] : address->bytes[i] | (0xffu >> kept);
		}
		netlink_put(netlink, IFA_ADDRESS, address->bytes, 4);
		netlink_put(netlink, IFA_BROADCAST, broadcast, 4);
	}
}

void link_add_default_route(struct netlink *netlink, uint32_t index, const struct network_address *gateway)
{
	struct rtmsg header = { .rtm_family = (uint8_t)gateway->family,
				.rtm_table = RT_TABLE_MAIN,
				.rtm_protocol = RTPROT_STATIC,
				.rtm_scope = RT_SCOPE_UNIVERSE,
				.rtm_type = RTN_UNICAST };

	netlink_begin(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	netlink_put(netlink, RTA_GATEWAY, gateway->bytes, network_address_length(gateway));
	netlink_put_u32(netlink, RTA_OIF, index);
}

/* A text of the kernel within a message: only when its NUL is there. */
static const char *text_of(const struct rtattr *attribute)
{
	const char *text = RTA_DATA(attribute);
	size_t length = RTA_PAYLOAD(attribute);

	return length > 0 && text[length - 1] == '\0' ? text : "";
}

static void read_kind(const struct rtattr *info, struct link_seen *link)
{
	int length = (int)RTA_PAYLOAD(info);

	for (const struct rtattr *at = RTA_DATA(info); RTA_OK(at, length); at = RTA_NEXT(at, length)) {
		if (at->rta_type == IFLA_INFO_KIND)
			link->is_bridge = strcmp(text_of(at), "bridge") == 0;
	}
}

static void read_statistics(const struct rtattr *attribute, struct link_seen *link)
{
	struct rtnl_link_stats64 statistics = { 0 };
	size_t length = RTA_PAYLOAD(attribute);

	memcpy(&statistics, RTA_DATA(attribute), length < sizeof(statistics) ? length : sizeof(statistics));
	link->received_bytes = statistics.rx_bytes;
	link->received_packets = statistics.rx_packets;
	link->sent_bytes = statistics.tx_bytes;
	link->sent_packets = statistics.tx_packets;
}

struct seeing {
	void (*each)(const struct link_seen *link, void *context);
	void *context;
};

static void see(const struct nlmsghdr *message, void *context)
{
	const struct seeing *seeing = context;
	const struct ifinfomsg *header = NLMSG_DATA(message);
	int length = (int)IFLA_PAYLOAD(message);
	struct link_seen link = { .index = (uint32_t)header->ifi_index };

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)))
		return;
	for (const struct rtattr *at = IFLA_RTA(header); RTA_OK(at, length); at = RTA_NEXT(at, length)) {
		if (at->rta_type == IFLA_IFNAME)
			snprintf(link.name, sizeof(link.name), "%s", text_of(at));
		else if (at->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(at) == sizeof(link.hardware))
			memcpy(link.hardware, RTA_DATA(at), sizeof(link.hardware));
		else if (at->rta_type == IFLA_MASTER && RTA_PAYLOAD(at) == sizeof(link.master))
			memcpy(&link.master, RTA_DATA(at), sizeof(link.master));
		else if (at->rta_type == IFLA_LINKINFO)
			read_kind(at, &link);
		else if (at->rta_type == IFLA_STATS64)
			read_statistics(at, &link);
	}
	seeing->each(&link, seeing->context);
}

int link_dump(struct netlink *netlink, void (*each)(const struct link_seen *link, void *context), void *context)
{
	struct seeing seeing = { each, context };

	begin_link(netlink, RTM_GETLINK, 0, 0, 0);
	return netlink_dump(netlink, see, &seeing);
}

static void keep(const struct link_seen *link, void *context)
{
	*(struct link_seen *)context = *link;
}

int link_find(struct netlink *netlink, const char *name, struct link_seen *link)
{
	struct seeing seeing = { keep, link };

	*link = (struct link_seen){ 0 };
	begin_link(netlink, RTM_GETLINK, 0, 0, 0);
	netlink_put_text(netlink, IFLA_IFNAME, name);
	return netlink_ask(netlink, see, &seeing);
}
