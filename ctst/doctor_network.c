/* Networks: what the kernel has for them, and whether a way leads out. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/network/bridge.h"
#include "ctst-spawn/network/find_program.h"
#include "ctst-spawn/network/forwarding.h"
#include "ctst-spawn/network/link.h"
#include "ctst-spawn/network/outbound.h"
#include "ctst-spawn/network/rules.h"
#include "ctst/doctor.h"
#include "ctst/trial.h"

#define TRIAL_BRIDGE "ct-0000000000"

static int try_bridge(const void *argument)
{
	struct bridge bridge = { .name = TRIAL_BRIDGE, .network = "trial", .project = "/" };
	struct ct_err ignored = CT_ERR_INIT;
	autonetlink netlink = NETLINK_INIT;
	struct link_pair pair = { .name = "ct0-0", .peer = "ct0-1" };
	ct_autoclose int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)argument;
	network_address_parse("10.0.0.1/22", &bridge.gateway);
	if (here < 0 || netlink_open(&netlink, NETLINK_ROUTE) < 0 ||
	    bridge_make(&netlink, &bridge, &pair.master, &ignored) < 0)
		return -1;
	pair.namespace = here;
	link_add_pair(&netlink, &pair);
	return netlink_send(&netlink);
}

static enum finding bridges(const struct check *check, struct ct_buf *detail)
{
	int failure = trial_in_namespaces(CLONE_NEWNET, try_bridge, NULL);

	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "%s; containers run on network \"none\" or \"host\" only (modules bridge and veth)",
		      strerror(failure));
	return FINDING_WARNING;
}

/* One rule of each kind. */
static int try_filter(const void *argument)
{
	struct rules_port port = { .protocol = IPPROTO_TCP, .host_port = 80, .container_port = 80 };
	struct rules_target target = { .chain = "to-trial", .ports = &port, .port_count = 1 };
	struct rules_network network = { .bridge = TRIAL_BRIDGE, .localhost = true };
	struct rules rules = { .table = "containust-trial",
			       .networks = &network,
			       .network_count = 1,
			       .targets = &target,
			       .target_count = 1 };
	struct ct_err ignored = CT_ERR_INIT;

	(void)argument;
	network_address_parse("0.0.0.0", &port.host);
	network_address_parse("10.0.0.2", &port.container);
	network_address_parse("10.0.0.0/22", &network.subnet);
	network_address_parse("fd00::/64", &network.subnet6);
	return rules_apply(&rules, &ignored);
}

static enum finding filter(const struct check *check, struct ct_buf *detail)
{
	int failure = trial_in_namespaces(CLONE_NEWNET, try_filter, NULL);

	if (failure == 0) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail,
		      "%s; root's networks need it (modules nf_tables, nft_nat, nft_masq, nft_fib_inet, nft_ct), "
		      "those of --offline do not",
		      strerror(failure));
	return FINDING_WARNING;
}

static enum finding roots_way_out(struct ct_buf *detail)
{
	struct forwarding off;

	forwarding_find(false, &off);
	if (off.count == 0) {
		ct_buf_puts(detail, "the host forwards: containers reach what it reaches");
		return FINDING_OK;
	}
	ct_buf_puts(detail, "forwarding is off on");
	for (size_t i = 0; i < off.count; i++)
		ct_buf_printf(detail, "%s %s (IPv%c)", i ? "," : "", off.items[i].name,
			      off.items[i].family == AF_INET ? '4' : '6');
	ct_buf_puts(detail, "; it is switched on while there are networks, and for these only");
	return FINDING_OK;
}

static enum finding way_out(const struct check *check, struct ct_buf *detail)
{
	ct_autofree char *pasta = NULL;

	if (identity_is_root())
		return roots_way_out(detail);
	pasta = find_program(check->text);
	if (pasta && access(OUTBOUND_DEVICE, R_OK | W_OK) < 0) {
		ct_buf_printf(detail,
			      "'%s' may not open " OUTBOUND_DEVICE
			      ": %s; containers reach each other, and nothing else",
			      pasta, strerror(errno));
		return FINDING_WARNING;
	}
	if (pasta) {
		ct_buf_printf(detail, "'%s': %s", pasta, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "'%s' is not installed: without root containers reach each other, and nothing else",
		      check->text);
	return FINDING_WARNING;
}

const struct check doctor_network_checks[] = {
	{ "bridges", bridges, .use = "containers reach each other" },
	{ "packet filter", filter, .use = "published ports, the way out, networks kept apart" },
	{ "way out", way_out, .text = "pasta", .use = "containers reach what you reach" },
	{ 0 },
};
