/*
 * What a component is to those that CONNECT to it: the variables
 * <B>_HOST, <B>_PORT and <B>_CONNECTION_STRING, and the same three facts for
 * ${b.host}, ${b.port} and ${b.connection_string}.
 */
#ifndef PLAN_WIRING_H
#define PLAN_WIRING_H

#include "common/arena.h"
#include "common/err.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"

struct endpoint {
	const char *host;
	const char *port; /* decimal; NULL: it listens on none, then there is no connection string either */
	const char *connection_string; /* "scheme://host:port" */
	/* The same as the environment of another component: HOST alone, or all three. */
	struct variable variables[3];
	size_t variable_count;
};

/* The URI scheme that clients of such an image expect, by the last segment of its name; else "http". */
const char *scheme_of_image(const char *uri);

/* Those the file names, else those the image declares. */
struct ports component_ports(const struct composition *composition, const struct component *component);

/* One endpoint per component, in the arena. Images must have been read. */
struct endpoint *endpoints_make(const struct composition *composition, struct ct_arena *arena);

/*
 * Two targets of one component whose variables would have the same names: -1 with E019.
 * A target on network "none", which nobody can reach: -1 with E006.
 */
int wiring_check(const struct composition *composition, const struct graph *graph, const struct endpoint *endpoints,
		 struct ct_err *err);

#endif
