#include "ctst-spawn/network/nftables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>

/* Offsets of RFC 791 and RFC 8200. */
enum { SOURCE_V4 = 12, DESTINATION_V4 = 16, SOURCE_V6 = 8, DESTINATION_V6 = 24 };

static const struct nfgenmsg inet = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };

static void mark(struct nftables *rules, int type)
{
	struct nfgenmsg header = { .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	netlink_mark(rules->netlink, type, &header, sizeof(header));
}

/* Only the last message is answered when all goes well; those that fail are answered in any case. */
static void begin(struct nftables *rules, int type, int flags)
{
	netlink_tell(rules->netlink, NFNL_SUBSYS_NFTABLES << 8 | type, flags, &inet, sizeof(inet));
}

void nftables_begin(struct nftables *rules, struct netlink *netlink)
{
	*rules = (struct nftables){ .netlink = netlink };
	mark(rules, NFNL_MSG_BATCH_BEGIN);
}

static void name_table(struct nftables *rules, int type, int flags, const char *table)
{
	begin(rules, type, flags);
	netlink_put_text(rules->netlink, NFTA_TABLE_NAME, table);
}

/* Made, so that it can be removed in any case. */
void nftables_remove_table(struct nftables *rules, const char *table)
{
	name_table(rules, NFT_MSG_DELTABLE, 0, table);
}

void nftables_add_table(struct nftables *rules, const char *table)
{
	name_table(rules, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, table);
	rules->table = table;
}

void nftables_replace_table(struct nftables *rules, const char *table)
{
	/* What is not there cannot be removed. */
	name_table(rules, NFT_MSG_NEWTABLE, NLM_F_CREATE, table);
	nftables_remove_table(rules, table);
	name_table(rules, NFT_MSG_NEWTABLE, NLM_F_CREATE, table);
	rules->table = table;
}

void nftables_use_table(struct nftables *rules, const char *table)
{
	rules->table = table;
}

void nftables_empty_chain(struct nftables *rules, const char *chain)
{
	begin(rules, NFT_MSG_DELRULE, 0);
	netlink_put_text(rules->netlink, NFTA_RULE_TABLE, rules->table);
	netlink_put_text(rules->netlink, NFTA_RULE_CHAIN, chain);
}

void nftables_add_chain(struct nftables *rules, const struct nftables_chain *chain)
{
	struct netlink *netlink = rules->netlink;
	size_t hook;

	begin(rules, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_put_text(netlink, NFTA_CHAIN_TABLE, rules->table);
	netlink_put_text(netlink, NFTA_CHAIN_NAME, chain->name);
	if (!chain->type)
		return;
	hook = netlink_nest(netlink, NFTA_CHAIN_HOOK);
	netlink_put_u32_be(netlink, NFTA_HOOK_HOOKNUM, chain->hook);
	netlink_put_u32_be(netlink, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
	netlink_end(netlink, hook);
	netlink_put_text(netlink, NFTA_CHAIN_TYPE, chain->type);
}

int nftables_commit(struct nftables *rules)
{
	netlink_answer_last(rules->netlink);
	mark(rules, NFNL_MSG_BATCH_END);
	return netlink_send(rules->netlink);
}

void nftables_begin_rule(struct nftables *rules, const char *chain)
{
	begin(rules, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_put_text(rules->netlink, NFTA_RULE_TABLE, rules->table);
	netlink_put_text(rules->netlink, NFTA_RULE_CHAIN, chain);
	rules->expressions = netlink_nest(rules->netlink, NFTA_RULE_EXPRESSIONS);
}

void nftables_end_rule(struct nftables *rules)
{
	netlink_end(rules->netlink, rules->expressions);
}

/* One expression: its name, and an open attribute for its settings. */
struct expression {
	size_t element, data;
};

static struct expression open_expression(struct nftables *rules, const char *name)
{
	struct expression expression;

	expression.element = netlink_nest(rules->netlink, NFTA_LIST_ELEM);
	netlink_put_text(rules->netlink, NFTA_EXPR_NAME, name);
	expression.data = netlink_nest(rules->netlink, NFTA_EXPR_DATA);
	return expression;
}

static void close_expression(struct nftables *rules, struct expression expression)
{
	netlink_end(rules->netlink, expression.data);
	netlink_end(rules->netlink, expression.element);
}

static void put_value(struct nftables *rules, int attribute, const void *value, size_t length)
{
	size_t nest = netlink_nest(rules->netlink, attribute);

	netlink_put(rules->netlink, NFTA_DATA_VALUE, value, length);
	netlink_end(rules->netlink, nest);
}

/* The first register is compared with the value: the rule goes on only if that is so. */
static void compare(struct nftables *rules, bool equal, const void *value, size_t length)
{
	struct expression expression = open_expression(rules, "cmp");

	netlink_put_u32_be(rules->netlink, NFTA_CMP_SREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_CMP_OP, equal ? NFT_CMP_EQ : NFT_CMP_NEQ);
	put_value(rules, NFTA_CMP_DATA, value, length);
	close_expression(rules, expression);
}

static void load_meta(struct nftables *rules, uint32_t key)
{
	struct expression expression = open_expression(rules, "meta");

	netlink_put_u32_be(rules->netlink, NFTA_META_DREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_META_KEY, key);
	close_expression(rules, expression);
}

static void load_payload(struct nftables *rules, uint32_t base, uint32_t offset, size_t length)
{
	struct expression expression = open_expression(rules, "payload");

	netlink_put_u32_be(rules->netlink, NFTA_PAYLOAD_DREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_PAYLOAD_BASE, base);
	netlink_put_u32_be(rules->netlink, NFTA_PAYLOAD_OFFSET, offset);
	netlink_put_u32_be(rules->netlink, NFTA_PAYLOAD_LEN, (uint32_t)length);
	close_expression(rules, expression);
}

/* The first register, with all bits outside the mask set to 0. */
static void mask(struct nftables *rules, const void *bits, size_t length)
{
	static const unsigned char zero[16];
	struct expression expression = open_expression(rules, "bitwise");

	netlink_put_u32_be(rules->netlink, NFTA_BITWISE_SREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_BITWISE_DREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_BITWISE_LEN, (uint32_t)length);
	put_value(rules, NFTA_BITWISE_MASK, bits, length);
	put_value(rules, NFTA_BITWISE_XOR, zero, length);
	close_expression(rules, expression);
}

void nftables_match_interface(struct nftables *rules, enum nftables_side side, const char *name, bool equal)
{
	char padded[IFNAMSIZ] = { 0 };
	size_t length = strlen(name);
	bool prefix = length > 0 && name[length - 1] == '*';

	memcpy(padded, name, length < sizeof(padded) ? length : sizeof(padded) - 1);
	load_meta(rules, side == NFTABLES_IN ? NFT_META_IIFNAME : NFT_META_OIFNAME);
	compare(rules, equal, padded, prefix ? length - 1 : sizeof(padded));
}

void nftables_match_family(struct nftables *rules, int family)
{
	unsigned char protocol = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;

	load_meta(rules, NFT_META_NFPROTO);
	compare(rules, true, &protocol, sizeof(protocol));
}

static void match_address(struct nftables *rules, uint32_t offset, const struct network_address *network, bool equal)
{
	struct network_address base = network_address_base(network);
	size_t length = network_address_length(network);
	unsigned char bits[16] = { 0 };

	for (size_t i = 0; i < length; i++) {
		unsigned kept = network->prefix > i * 8 ? network->prefix - (unsigned)i * 8 : 0;

		bits[i] = (unsigned char)(kept >= 8 ? 0xff : 0xff00u >> kept);
	}
	nftables_match_family(rules, network->family);
	load_payload(rules, NFT_PAYLOAD_NETWORK_HEADER, offset, length);
	if (network->prefix < length * 8)
		mask(rules, bits, length);
	compare(rules, equal, base.bytes, length);
}

void nftables_match_source(struct nftables *rules, const struct network_address *network)
{
	match_address(rules, network->family == AF_INET ? SOURCE_V4 : SOURCE_V6, network, true);
}

void nftables_match_destination(struct nftables *rules, const struct network_address *network, bool equal)
{
	match_address(rules, network->family == AF_INET ? DESTINATION_V4 : DESTINATION_V6, network, equal);
}

void nftables_match_local(struct nftables *rules, int family)
{
	uint32_t local = RTN_LOCAL;
	struct expression expression;

	nftables_match_family(rules, family);
	expression = open_expression(rules, "fib");
	netlink_put_u32_be(rules->netlink, NFTA_FIB_DREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	netlink_put_u32_be(rules->netlink, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	close_expression(rules, expression);
	compare(rules, true, &local, sizeof(local));
}

void nftables_match_port(struct nftables *rules, int protocol, uint16_t port)
{
	unsigned char number = (unsigned char)protocol;
	uint16_t wanted = htons(port);

	load_meta(rules, NFT_META_L4PROTO);
	compare(rules, true, &number, sizeof(number));
	/* Both have it in the same place. */
	load_payload(rules, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(wanted));
	compare(rules, true, &wanted, sizeof(wanted));
}

static void match_tracking(struct nftables *rules, uint32_t key, uint32_t bits)
{
	static const uint32_t none;
	struct expression expression = open_expression(rules, "ct");

	netlink_put_u32_be(rules->netlink, NFTA_CT_DREG, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_CT_KEY, key);
	close_expression(rules, expression);
	mask(rules, &bits, sizeof(bits));
	compare(rules, false, &none, sizeof(none));
}

void nftables_match_established(struct nftables *rules)
{
	match_tracking(rules, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));
}

void nftables_match_redirected(struct nftables *rules)
{
	match_tracking(rules, NFT_CT_STATUS, IPS_DST_NAT);
}

void nftables_count(struct nftables *rules)
{
	close_expression(rules, open_expression(rules, "counter"));
}

void nftables_verdict(struct nftables *rules, int verdict, const char *chain)
{
	struct expression expression = open_expression(rules, "immediate");
	size_t data, nest;

	netlink_put_u32_be(rules->netlink, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(rules->netlink, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(rules->netlink, NFTA_DATA_VERDICT);
	netlink_put_u32_be(rules->netlink, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		netlink_put_text(rules->netlink, NFTA_VERDICT_CHAIN, chain);
	netlink_end(rules->netlink, nest);
	netlink_end(rules->netlink, data);
	close_expression(rules, expression);
}

void nftables_masquerade(struct nftables *rules)
{
	close_expression(rules, open_expression(rules, "masq"));
}

static void load_value(struct nftables *rules, uint32_t reg, const void *value, size_t length)
{
	struct expression expression = open_expression(rules, "immediate");

	netlink_put_u32_be(rules->netlink, NFTA_IMMEDIATE_DREG, reg);
	put_value(rules, NFTA_IMMEDIATE_DATA, value, length);
	close_expression(rules, expression);
}

void nftables_redirect(struct nftables *rules, const struct network_address *address, uint16_t port)
{
	uint16_t wanted = htons(port);
	struct expression expression;

	load_value(rules, NFT_REG_1, address->bytes, network_address_length(address));
	load_value(rules, NFT_REG_2, &wanted, sizeof(wanted));
	expression = open_expression(rules, "nat");
	netlink_put_u32_be(rules->netlink, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	netlink_put_u32_be(rules->netlink, NFTA_NAT_FAMILY, address->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	netlink_put_u32_be(rules->netlink, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	netlink_put_u32_be(rules->netlink, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
	close_expression(rules, expression);
}
