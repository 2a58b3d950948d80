/* Who is on which network: its own, and by CONNECT those of whom it needs. */
#ifndef PLAN_NETWORKS_H
#define PLAN_NETWORKS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/network_name.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"

struct network {
	const char *name;
	uint32_t *members; /* components in start order */
	size_t count;
	size_t capacity;
	uint32_t newest; /* the last member that was added, so that nobody is added twice */
	/* Set by addressing_assign(); the network "host" has none of these. */
	char bridge[CT_BRIDGE_NAME_LENGTH + 1];
	uint32_t subnet; /* host byte order */
	unsigned prefix; /* 0: no subnet */
	unsigned char subnet6[8];
	unsigned char *given; /* one bit for each number, in the plan's arena */
};

/* The networks of one component: `count` indexes from networks.joined[begin] on, its own first. */
struct membership {
	uint32_t begin;
	uint32_t count; /* 0: on "none" and connected to nobody, or a template */
};

struct networks {
	struct network *items; /* in the order in which their first members start; "none" is not one */
	size_t count;
	size_t capacity;
	struct membership *memberships; /* by component */
	uint32_t *joined;
	uint32_t *
		numbers; /* as `joined`: the component's place in the subnet; 0: it has none. Set by addressing_assign() */
	size_t joined_count;
	size_t joined_capacity;
};

#define NETWORKS_INIT \
	{ \
		0 \
	}
#define autonetworks __attribute__((cleanup(networks_release))) struct networks

/* The caller releases them. */
void networks_make(struct networks *networks, const struct composition *composition, const struct graph *graph,
		   const uint32_t *order);
void networks_release(struct networks *networks);

/* Whether this is the network of the host, which nobody else is joined to: it has no bridge, and no addresses of ours. */
bool network_is_host(const char *name);

/* The list "networks" of a graph: names, and the names of their members. */
void networks_write(struct ct_json_writer *writer, const struct networks *networks,
		    const struct composition *composition);

#endif
