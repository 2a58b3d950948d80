/* What the interfaces of a container are called. */
#ifndef CTST_SPAWN_NETWORK_NAMES_H
#define CTST_SPAWN_NETWORK_NAMES_H

#include <net/if.h>

/*
 * The host's end of the container's interface `number` (its name inside is "eth<number>"): "ct", ten digits of the
 * container's id, "-" and the number. Bridges have "ct-" in front (common/network_name.h), so the two are never taken for each other.
 */
void network_port_name(const char *id, unsigned number, char name[IF_NAMESIZE]);

#endif
