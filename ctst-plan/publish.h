/* Where EXPOSE binds when it names no address: one rule for the plan and the graph. */
#ifndef PLAN_PUBLISH_H
#define PLAN_PUBLISH_H

#include "common/options.h"

#define PUBLISH_OPTION(value) \
	{ \
		CT_OPTION_TEXT, 0, "publish-addr", "ADDRESS", "where EXPOSE binds when it names no address", value \
	}

/*
 * `option` (NULL: not given), else CONTAINUST_PUBLISH_ADDR, else the loopback address. The text
 * belongs to the caller or the environment. What is no IP address ends the program as wrong use.
 */
const char *publish_address(const struct ct_program *program, const char *option);

#endif
