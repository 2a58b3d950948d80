/* Who is on which network once a plan has been carried out, and which ports lead to whom. */
#ifndef CTST_SPAWN_NETWORK_MEMBERS_H
#define CTST_SPAWN_NETWORK_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/names.h"
#include "common/network_name.h"
#include "ctst-spawn/deploy.h"
#include "ctst-spawn/network/addresses.h"
#include "ctst-spawn/network/rules.h"
#include "ctst-spawn/network/use.h"

struct member_network {
	const char *name;
	char bridge[CT_BRIDGE_NAME_LENGTH + 1];
	struct network_address gateway, gateway6; /* with their prefixes; no family: it has no addresses ("host") */
	bool is_used;                             /* somebody has an address on it */
	bool localhost;                           /* a port on 127.0.0.0/8 leads to it */
	struct ct_buf list;                       /* files.h */
};

struct members {
	struct member_network *items;
	size_t count;
	struct ct_names names; /* of the networks → index */
	struct rules_target *targets;
	size_t target_count;
	bool any_used;
	bool any_outside;     /* a port is published on more than the host's loopback */
	enum use_where where; /* in a namespace of the project: --offline, or without root */
};

/*
 * Of the plan, and of containers of the index that it does not speak of and leaves alone. `members` has to be released
 * in any case. -1: R011 where a connection cannot work.
 */
int members_collect(const struct deploy *deploy, struct members *members, struct ct_err *err);

/* Of the containers of the index as it was found. */
int members_collect_found(const struct deploy *deploy, struct members *members, struct ct_err *err);
void members_release(struct members *members);

#endif
