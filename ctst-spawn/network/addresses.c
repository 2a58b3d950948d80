#include "ctst-spawn/network/addresses.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits only: strtoul(3) would take signs and blanks. */
static bool parse_prefix(const char *text, unsigned most, unsigned *prefix)
{
	unsigned value = 0;
	size_t length = strlen(text);

	if (length == 0 || length > 3 || strspn(text, "0123456789") != length)
		return false;
	value = (unsigned)strtoul(text, NULL, 10);
	*prefix = value;
	return value <= most;
}

bool network_address_parse(const char *text, struct network_address *address)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	size_t length = text ? (slash ? (size_t)(slash - text) : strlen(text)) : 0;
	char copy[INET6_ADDRSTRLEN];
	unsigned most;

	*address = (struct network_address){ 0 };
	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (inet_pton(AF_INET, copy, address->bytes) == 1)
		address->family = AF_INET;
	else if (inet_pton(AF_INET6, copy, address->bytes) == 1)
		address->family = AF_INET6;
	else
		return false;
	most = (unsigned)network_address_length(address) * 8;
	address->prefix = most;
	if (slash && !parse_prefix(slash + 1, most, &address->prefix)) {
		*address = (struct network_address){ 0 };
		return false;
	}
	return true;
}

size_t network_address_length(const struct network_address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

void network_address_format(const struct network_address *address, char text[NETWORK_ADDRESS_TEXT])
{
	if (!inet_ntop(address->family, address->bytes, text, NETWORK_ADDRESS_TEXT))
		text[0] = '\0';
}

bool network_address_is_loopback(const struct network_address *address)
{
	static const unsigned char one[16] = { [15] = 1 };

	return address->family == AF_INET ? address->bytes[0] == 127 : memcmp(address->bytes, one, sizeof(one)) == 0;
}

bool network_address_is_any(const struct network_address *address)
{
	static const unsigned char zero[16];

	return memcmp(address->bytes, zero, network_address_length(address)) == 0;
}

struct network_address network_address_base(const struct network_address *address)
{
	struct network_address base = *address;

	for (size_t i = 0; i < network_address_length(address); i++) {
		unsigned kept = base.prefix > i * 8 ? base.prefix - (unsigned)i * 8 : 0;

		if (kept < 8)
			base.bytes[i] &= (unsigned char)(0xff00u >> kept);
	}
	return base;
}
