/*
 * ${component.*} becomes what it stands for; ${secret.*}, ${env.*} and $${ stay as
 * they are written, for the process that starts the container: neither a secret
 * nor a value of the environment is ever in a plan.
 */
#ifndef PLAN_RESOLVE_H
#define PLAN_RESOLVE_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"
#include "ctst-plan/check.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/warnings.h"
#include "ctst-plan/wiring.h"

struct resolver {
	const struct composition *composition;
	const struct endpoint *endpoints;
	struct ct_arena *arena;
	struct warnings *warnings;
	struct ct_names undefined; /* environment variables that were warned about already */
	bool strict_env;           /* an undefined ${env.X} is an error */
};

/*
 * *out is `text` itself where nothing was to be replaced, else in the arena. `place` is the
 * property within `component`, for messages. -1 with E017: what stands between
 * the braces means nothing, or a secret where none is allowed.
 */
int resolve_text(struct resolver *resolver, const struct component *component, const struct place *place,
		 const char *text, bool secrets_allowed, const char **out, struct ct_err *err);

/* Whether references remain that only the start of the container can resolve. */
bool has_references(const char *text);

#endif
