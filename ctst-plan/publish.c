#include "ctst-plan/publish.h"

#include <stdlib.h>

#include "ctst-plan/composition.h"

const char *publish_address(const struct ct_program *program, const char *option)
{
	const char *set = getenv("CONTAINUST_PUBLISH_ADDR");
	const char *address = option;

	/* Nothing is open to the world unasked. */
	if (!address)
		address = set && set[0] ? set : "127.0.0.1";
	if (!is_address(address))
		ct_usage_error(program, "'%s' is not an IP address to publish ports on", address);
	return address;
}
