/* Where one container is on its networks: the list "addresses" of its config.json (ctst-state(5)). */
#ifndef CTST_SPAWN_NETWORK_ATTACHMENTS_H
#define CTST_SPAWN_NETWORK_ATTACHMENTS_H

#include <stddef.h>

#include "common/err.h"
#include "common/json.h"
#include "common/network_name.h"
#include "ctst-spawn/network/addresses.h"

#define ATTACHMENTS_MOST 32 /* of one container */

struct attachment {
	const char *network; /* in the document */
	char bridge[CT_BRIDGE_NAME_LENGTH + 1];
	struct network_address address, address6;
	struct network_address gateway, gateway6; /* the bridge's: the first ones of their subnets */
};

struct attachments {
	struct attachment items[ATTACHMENTS_MOST]; /* in the order of the container's interfaces */
	size_t count;
};

/* `state_file` is that of the index that names the container; NULL as list: none. -1: `code`. */
int attachments_read(const struct ct_json *list, const char *state_file, const char *code,
		     struct attachments *attachments, struct ct_err *err);

/* The first address behind the network's own: the bridge has it. */
struct network_address attachment_gateway(const struct network_address *address);

#endif
