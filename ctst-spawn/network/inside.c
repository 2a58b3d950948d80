#include "ctst-spawn/network/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/network/nftables.h"
#include "ctst-spawn/network/outbound.h"

#define ANY_BRIDGE "ct-*" /* common/network_name.h */

static void add_rules(struct nftables *nftables)
{
	static const struct nftables_chain between = { "between", "filter", NF_INET_FORWARD, 0 };
	static const struct nftables_chain leaving = { "leaving", "nat", NF_INET_POST_ROUTING, 100 };

	nftables_add_chain(nftables, &between);
	nftables_begin_rule(nftables, "between");
	nftables_match_interface(nftables, NFTABLES_OUT, ANY_BRIDGE, true);
	nftables_match_interface(nftables, NFTABLES_IN, ANY_BRIDGE, true);
	nftables_verdict(nftables, NF_DROP, NULL);
	nftables_end_rule(nftables);
	nftables_begin_rule(nftables, "between");
	nftables_match_interface(nftables, NFTABLES_OUT, ANY_BRIDGE, true);
	nftables_match_established(nftables);
	nftables_verdict(nftables, NF_ACCEPT, NULL);
	nftables_end_rule(nftables);
	nftables_begin_rule(nftables, "between");
	nftables_match_interface(nftables, NFTABLES_OUT, ANY_BRIDGE, true);
	nftables_verdict(nftables, NF_DROP, NULL);
	nftables_end_rule(nftables);
	nftables_add_chain(nftables, &leaving);
	nftables_begin_rule(nftables, "leaving");
	nftables_match_interface(nftables, NFTABLES_OUT, OUTBOUND_INTERFACE, true);
	nftables_masquerade(nftables);
	nftables_end_rule(nftables);
}

static int apply(void)
{
	autonetlink netlink = NETLINK_INIT;
	struct nftables nftables;

	if (netlink_open(&netlink, NETLINK_NETFILTER) < 0)
		return -1;
	nftables_begin(&nftables, &netlink);
	nftables_replace_table(&nftables, "containust");
	add_rules(&nftables);
	return nftables_commit(&nftables);
}

static int set(const char *path, const char *value)
{
	ct_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, value, 1) == 1 ? 0 : -1;
}

/* The namespace is ours: here forwarding is switched on for all that is in it, behind the rules. */
int inside_let_out(void)
{
	/* Where the host filters bridges (br_netfilter) the rules would see what members of one bridge send each other. */
	(void)set("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
	(void)set("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
	if (apply() < 0 || set("/proc/sys/net/ipv4/ip_forward", "1") < 0)
		return -1;
	(void)set("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	return 0;
}
