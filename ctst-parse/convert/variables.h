/* Named values in their order: an .env file, a service's environment, the process's own. */
#ifndef CTST_CONVERT_VARIABLES_H
#define CTST_CONVERT_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/names.h"

struct secret_values;

struct variable {
	const char *name;
	const char *value; /* NULL: taken over from whoever runs it, and not set there */
};

struct variables {
	const struct variables *before; /* asked first; NULL: nobody */
	struct secret_values *secrets;  /* where values of secrets go when they are put into a text; NULL: nowhere */
	bool with_process;              /* the process's environment is asked before all */
	struct variable *items;         /* owned; names and values are not */
	size_t count, capacity;
	struct ct_names names;
};

#define VARIABLES_INIT \
	{ \
		0 \
	}

/* Sets it, in its old place when there is one. */
void variables_set(struct variables *variables, const char *name, const char *value);

/* The value, or NULL. */
const char *variables_get(const struct variables *variables, struct ct_slice name);

/* The same among its own only; NULL also when it is there without a value. */
const struct variable *variables_own(const struct variables *variables, struct ct_slice name);

void variables_release(struct variables *variables);

#endif
