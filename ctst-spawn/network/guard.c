#include "ctst-spawn/network/guard.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "ctst-spawn/network/nftables.h"
#include "ctst-spawn/network/rules.h"

int guard_apply(const char *table, const struct forwarding *list)
{
	static const struct nftables_chain forward = { "forward", "filter", NF_INET_FORWARD, 0 };
	autonetlink netlink = NETLINK_INIT;
	struct nftables nftables;

	if (netlink_open(&netlink, NETLINK_NETFILTER) < 0)
		return -1;
	nftables_begin(&nftables, &netlink);
	nftables_replace_table(&nftables, table);
	nftables_add_chain(&nftables, &forward);
	nftables_begin_rule(&nftables, "forward");
	nftables_match_established(&nftables);
	nftables_verdict(&nftables, NF_ACCEPT, NULL);
	nftables_end_rule(&nftables);
	nftables_begin_rule(&nftables, "forward");
	nftables_match_redirected(&nftables);
	nftables_verdict(&nftables, NF_ACCEPT, NULL);
	nftables_end_rule(&nftables);
	for (size_t i = 0; i < list->count; i++) {
		nftables_begin_rule(&nftables, "forward");
		nftables_match_family(&nftables, list->items[i].family);
		nftables_match_interface(&nftables, NFTABLES_IN, list->items[i].name, true);
		/* All bridges of all projects (common/network_name.h). */
		nftables_match_interface(&nftables, NFTABLES_OUT, "ct-*", false);
		nftables_count(&nftables);
		nftables_verdict(&nftables, NF_DROP, NULL);
		nftables_end_rule(&nftables);
	}
	return nftables_commit(&nftables);
}

int guard_remove(const char *table)
{
	return rules_remove(table);
}
