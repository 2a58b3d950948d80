/*
 * Where the subnets of networks come from: the private addresses of RFC 1918 in pieces of 1,024 (a "/22"), of
 * which some are taken, by what the host routes or by other networks.
 */
#ifndef PLAN_SPACE_H
#define PLAN_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#define SPACE_PIECE_PREFIX 22
#define SPACE_PIECES (16384 + 1024 + 64) /* of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 */

struct space {
	unsigned char taken[SPACE_PIECES / 8];
};

/* Marks all pieces that this network touches, which may also be larger than the whole space. Host byte order. */
void space_take(struct space *space, uint32_t address, unsigned prefix);

/* Whether any address of this network is taken. Addresses outside the space never are. */
bool space_is_taken(const struct space *space, uint32_t address, unsigned prefix);

/*
 * A free network of this size (a prefix of at most 22 bits): the first one from the place on that `hash` chooses,
 * first in 10.0.0.0/8. False when there is none.
 */
bool space_find(const struct space *space, uint32_t hash, unsigned prefix, uint32_t *address);

/*
 * Takes what the host routes, as /proc/net/route lists it (proc_net(5)), but for the default route and routes through
 * interfaces for which `is_own` says yes. Lines that are none are skipped.
 */
void space_take_routes(struct space *space, const char *lines, bool (*is_own)(const char *interface, void *context),
		       void *context);

#endif
