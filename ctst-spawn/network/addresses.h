/* An address with its prefix, of either family. */
#ifndef CTST_SPAWN_NETWORK_ADDRESSES_H
#define CTST_SPAWN_NETWORK_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

struct network_address {
	int family; /* AF_INET or AF_INET6; 0: none */
	unsigned char bytes[16];
	unsigned prefix; /* bits of the network; all of them when the text names none */
};

#define NETWORK_ADDRESS_TEXT 52 /* the longest one, with its prefix and NUL */

/* "10.4.8.2/22", "fd00::2/64", "127.0.0.1". False: it is none. NULL is none. */
bool network_address_parse(const char *text, struct network_address *address);

/* Bytes of an address of this family: 4 or 16. */
size_t network_address_length(const struct network_address *address);

/* Without the prefix. */
void network_address_format(const struct network_address *address, char text[NETWORK_ADDRESS_TEXT]);

/* "127.0.0.0/8" or "::1"; every address of the host ("0.0.0.0", "::"). */
bool network_address_is_loopback(const struct network_address *address);
bool network_address_is_any(const struct network_address *address);

/* The first address of its network: the other bits are 0. */
struct network_address network_address_base(const struct network_address *address);

#endif
