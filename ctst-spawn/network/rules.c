#include "ctst-spawn/network/rules.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/network_name.h"
#include "ctst-spawn/network/nftables.h"

/* Where others' rules usually stand, "Standard priority names" in nft(8): raw, dstnat, filter, srcnat. */
static const struct nftables_chain chains[] = {
	{ "published", NULL, 0, 0 },
	{ "forged", "filter", NF_INET_PRE_ROUTING, -300 },
	{ "from-outside", "nat", NF_INET_PRE_ROUTING, -100 },
	{ "from-host", "nat", NF_INET_LOCAL_OUT, -100 },
	{ "between", "filter", NF_INET_FORWARD, 0 },
	{ "leaving", "nat", NF_INET_POST_ROUTING, 100 },
};

static const struct network_address localhost = { AF_INET, { 127 }, 8 };
static const struct network_address localhost6 = { AF_INET6, { [15] = 1 }, 128 };

void rules_table_name(const char *index, char table[RULES_TABLE_LENGTH])
{
	snprintf(table, RULES_TABLE_LENGTH, "containust-%s", index);
}

/*
 * The bridge lets 127.0.0.0/8 through for the sake of published ports (route_localnet); a member that sends there
 * would reach what listens on the host's loopback only, and one that sends from there would be taken for the host.
 */
static void refuse_forged(struct nftables *nftables, const struct rules_network *network)
{
	if (!network->localhost)
		return;
	for (int i = 0; i < 2; i++) {
		nftables_begin_rule(nftables, "forged");
		nftables_match_interface(nftables, NFTABLES_IN, network->bridge, true);
		if (i == 0)
			nftables_match_destination(nftables, &localhost, true);
		else
			nftables_match_source(nftables, &localhost);
		nftables_count(nftables);
		nftables_verdict(nftables, NF_DROP, NULL);
		nftables_end_rule(nftables);
	}
}

static void publish(struct nftables *nftables, const char *chain, const struct rules_port *port)
{
	nftables_begin_rule(nftables, chain);
	if (network_address_is_any(&port->host))
		nftables_match_local(nftables, port->host.family);
	else
		nftables_match_destination(nftables, &port->host, true);
	/* ::1 cannot be rewritten, for no packet with it may leave the host: a forwarder serves it (forward.h). */
	if (port->host.family == AF_INET6)
		nftables_match_destination(nftables, &localhost6, false);
	nftables_match_port(nftables, port->protocol, port->host_port);
	nftables_count(nftables);
	nftables_redirect(nftables, &port->container, port->container_port);
	nftables_end_rule(nftables);
}

static void jump(struct nftables *nftables, const char *from, const char *to)
{
	nftables_begin_rule(nftables, from);
	nftables_verdict(nftables, NFT_JUMP, to);
	nftables_end_rule(nftables);
}

static void fill_target(struct nftables *nftables, const struct rules_target *target)
{
	for (size_t i = 0; i < target->port_count; i++)
		publish(nftables, target->chain, &target->ports[i]);
}

static void add_target(struct nftables *nftables, const struct rules_target *target)
{
	struct nftables_chain chain = { .name = target->chain };

	nftables_add_chain(nftables, &chain);
	jump(nftables, "published", target->chain);
	fill_target(nftables, target);
}

static void begin_towards(struct nftables *nftables, const struct rules_network *network)
{
	nftables_begin_rule(nftables, "between");
	nftables_match_interface(nftables, NFTABLES_OUT, network->bridge, true);
}

static void end_with(struct nftables *nftables, int verdict)
{
	nftables_verdict(nftables, verdict, NULL);
	nftables_end_rule(nftables);
}

/*
 * Nothing enters a network from elsewhere but answers and what was published. Frames between its own members come by
 * here too where the host filters bridges (br_netfilter).
 */
static void guard(struct nftables *nftables, const struct rules_network *network)
{
	begin_towards(nftables, network);
	nftables_match_interface(nftables, NFTABLES_IN, network->bridge, true);
	end_with(nftables, NF_ACCEPT);
	begin_towards(nftables, network);
	nftables_match_established(nftables);
	end_with(nftables, NF_ACCEPT);
	begin_towards(nftables, network);
	nftables_match_redirected(nftables);
	end_with(nftables, NF_ACCEPT);
	begin_towards(nftables, network);
	nftables_count(nftables);
	end_with(nftables, NF_DROP);
}

static void masquerade(struct nftables *nftables, const struct network_address *source,
		       const struct rules_network *network, bool outwards)
{
	nftables_begin_rule(nftables, "leaving");
	nftables_match_source(nftables, source);
	nftables_match_interface(nftables, NFTABLES_OUT, network->bridge, !outwards);
	/* Within the network only what came by a published port: the answer must come back the same way. */
	if (!outwards && source->bytes[0] != localhost.bytes[0])
		nftables_match_redirected(nftables);
	nftables_count(nftables);
	nftables_masquerade(nftables);
	nftables_end_rule(nftables);
}

static void let_out(struct nftables *nftables, const struct rules_network *network)
{
	masquerade(nftables, &network->subnet, network, true);
	masquerade(nftables, &network->subnet, network, false);
	if (network->localhost)
		masquerade(nftables, &localhost, network, false);
	if (network->subnet6.family) {
		masquerade(nftables, &network->subnet6, network, true);
		masquerade(nftables, &network->subnet6, network, false);
	}
}

static void add_rules(struct nftables *nftables, const struct rules *rules)
{
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		nftables_add_chain(nftables, &chains[i]);
	for (size_t i = 0; i < rules->target_count; i++)
		add_target(nftables, &rules->targets[i]);
	if (rules->target_count > 0) {
		jump(nftables, "from-outside", "published");
		jump(nftables, "from-host", "published");
	}
	for (size_t i = 0; i < rules->network_count; i++) {
		refuse_forged(nftables, &rules->networks[i]);
		guard(nftables, &rules->networks[i]);
		let_out(nftables, &rules->networks[i]);
	}
}

bool rules_are_unknown(int failure)
{
	return failure == EPROTONOSUPPORT || failure == EOPNOTSUPP || failure == ENOENT || failure == EINVAL;
}

static int fail(const struct netlink *netlink, struct ct_err *err)
{
	int failure = errno;

	netlink_fail(netlink, err, "cannot set up the packet filter for the networks of this project");
	if (rules_are_unknown(failure))
		ct_err_hint(err,
			    "this kernel needs nftables with NAT (modules nf_tables, nft_nat, nft_masq, nft_fib_inet, "
			    "nft_ct); without it, networks work with --offline only");
	return -1;
}

static int commit_table(struct netlink *netlink, const struct rules *rules,
			void (*begin_table)(struct nftables *nftables, const char *table))
{
	struct nftables nftables;

	nftables_begin(&nftables, netlink);
	begin_table(&nftables, rules->table);
	add_rules(&nftables, rules);
	return nftables_commit(&nftables);
}

/*
 * Mostly there is no such table, and a transaction that takes nothing away is cheap: after any other one, closing the socket
 * waits until nobody looks at what is gone (milliseconds).
 */
int rules_apply(const struct rules *rules, struct ct_err *err)
{
	autonetlink netlink = NETLINK_INIT;

	if (netlink_open(&netlink, NETLINK_NETFILTER) == 0 &&
	    (commit_table(&netlink, rules, nftables_add_table) == 0 ||
	     (errno == EEXIST && commit_table(&netlink, rules, nftables_replace_table) == 0)))
		return 0;
	return fail(&netlink, err);
}

void rules_chain_name(const char *component, char chain[RULES_CHAIN_LENGTH])
{
	char digest[CT_BRIDGE_NAME_LENGTH + 1];

	if (snprintf(chain, RULES_CHAIN_LENGTH, "to-%s", component) < RULES_CHAIN_LENGTH)
		return;
	ct_bridge_name(component, "", digest);
	snprintf(chain, RULES_CHAIN_LENGTH, "to-%s", digest);
}

int rules_open_target(const char *table, const struct rules_target *target, struct ct_err *err)
{
	struct nftables_chain chain = { .name = target->chain };
	autonetlink netlink = NETLINK_INIT;
	struct nftables nftables;

	if (netlink_open(&netlink, NETLINK_NETFILTER) == 0) {
		nftables_begin(&nftables, &netlink);
		nftables_use_table(&nftables, table);
		nftables_add_chain(&nftables, &chain);
		nftables_empty_chain(&nftables, target->chain);
		fill_target(&nftables, target);
		if (nftables_commit(&nftables) == 0)
			return 0;
	}
	return fail(&netlink, err);
}

int rules_close_target(const char *table, const char *chain)
{
	autonetlink netlink = NETLINK_INIT;
	struct nftables nftables;

	if (netlink_open(&netlink, NETLINK_NETFILTER) < 0)
		return -1;
	nftables_begin(&nftables, &netlink);
	nftables_use_table(&nftables, table);
	nftables_empty_chain(&nftables, chain);
	return nftables_commit(&nftables);
}

int rules_remove(const char *table)
{
	autonetlink netlink = NETLINK_INIT;
	struct nftables nftables;

	if (netlink_open(&netlink, NETLINK_NETFILTER) < 0)
		return -1;
	nftables_begin(&nftables, &netlink);
	nftables_remove_table(&nftables, table);
	return nftables_commit(&nftables) < 0 && errno != ENOENT ? -1 : 0;
}
