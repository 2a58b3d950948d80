/*
 * Tables, chains and rules of the kernel's packet filter (nf_tables), as messages of one transaction: all of it becomes
 * true at once, or nothing does. What each expression does is described in nft(8); registers are this file's affair.
 *
 *	struct nftables rules;
 *	nftables_begin(&rules, &netlink);        on a NETLINK_NETFILTER socket
 *	nftables_replace_table(&rules, "mine");
 *	nftables_add_chain(&rules, &chain);
 *	nftables_begin_rule(&rules, "forward");
 *	nftables_match_interface(&rules, NFTABLES_OUT, "ct-0", true);
 *	nftables_verdict(&rules, NF_DROP, NULL);
 *	nftables_end_rule(&rules);
 *	nftables_commit(&rules)
 */
#ifndef CTST_SPAWN_NETWORK_NFTABLES_H
#define CTST_SPAWN_NETWORK_NFTABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "ctst-spawn/network/addresses.h"
#include "ctst-spawn/network/netlink.h"

struct nftables {
	struct netlink *netlink;
	const char *table;
	size_t expressions; /* the open list of the rule being made */
};

/* A place in the path of packets; see "netfilter hooks" in nft(8). `type` is NULL for one that rules jump to. */
struct nftables_chain {
	const char *name;
	const char *type; /* "filter" or "nat" */
	unsigned hook;    /* NF_INET_PRE_ROUTING … */
	int priority;
};

void nftables_begin(struct nftables *rules, struct netlink *netlink);

/* A new table; the transaction fails with EEXIST when there is one of that name. */
void nftables_add_table(struct nftables *rules, const char *table);

/* The table, empty, whether there was one of that name or not; of the family "inet": IPv4 and IPv6. */
void nftables_replace_table(struct nftables *rules, const char *table);

/* One that is there. */
void nftables_use_table(struct nftables *rules, const char *table);

/* The transaction fails with ENOENT when there is none. */
void nftables_remove_table(struct nftables *rules, const char *table);

void nftables_add_chain(struct nftables *rules, const struct nftables_chain *chain);
void nftables_empty_chain(struct nftables *rules, const char *chain);

/* Sends it all. -1 with errno: ENOPROTOOPT or EOPNOTSUPP where the kernel has no nf_tables. */
int nftables_commit(struct nftables *rules);

/* A rule of a chain: what is matched, in order, then what is done. */
void nftables_begin_rule(struct nftables *rules, const char *chain);
void nftables_end_rule(struct nftables *rules);

enum nftables_side { NFTABLES_IN, NFTABLES_OUT };

/* The interface it came in by or goes out by; a name that ends with '*' stands for all that begin so. */
void nftables_match_interface(struct nftables *rules, enum nftables_side side, const char *name, bool equal);

/* AF_INET or AF_INET6. */
void nftables_match_family(struct nftables *rules, int family);

/* The source or destination, within the network that the prefix of the address describes. Matches its family too. */
void nftables_match_source(struct nftables *rules, const struct network_address *network);
void nftables_match_destination(struct nftables *rules, const struct network_address *network, bool equal);

/* A packet of this family for any address of this host. */
void nftables_match_local(struct nftables *rules, int family);

/* IPPROTO_TCP or IPPROTO_UDP, and its destination port. */
void nftables_match_port(struct nftables *rules, int protocol, uint16_t port);

/* Part of a connection that is known already. */
void nftables_match_established(struct nftables *rules);

/* Part of a connection whose destination was changed, by this table or another. */
void nftables_match_redirected(struct nftables *rules);

void nftables_count(struct nftables *rules);

/* NF_ACCEPT, NF_DROP; NFT_JUMP with the chain. */
void nftables_verdict(struct nftables *rules, int verdict, const char *chain);

/* The source becomes the address of the interface it leaves by. */
void nftables_masquerade(struct nftables *rules);

/* The destination becomes this one. */
void nftables_redirect(struct nftables *rules, const struct network_address *address, uint16_t port);

#endif
