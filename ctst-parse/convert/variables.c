#include "ctst-parse/convert/variables.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

void variables_set(struct variables *variables, const char *name, const char *value)
{
	uint32_t number;

	if (ct_names_get(&variables->names, ct_slice_of(name), &number)) {
		variables->items[number].value = value;
		return;
	}
	if (variables->count == variables->capacity) {
		variables->capacity = variables->capacity ? 2 * variables->capacity : 16;
		variables->items = ct_realloc_array(variables->items, variables->capacity, sizeof(*variables->items));
	}
	ct_names_add(&variables->names, ct_slice_of(name), (uint32_t)variables->count, NULL);
	variables->items[variables->count++] = (struct variable){ name, value };
}

const struct variable *variables_own(const struct variables *variables, struct ct_slice name)
{
	uint32_t number;

	if (variables->count == 0 || !ct_names_get(&variables->names, name, &number))
		return NULL;
	return &variables->items[number];
}

/* As deep as files include each other. */
const char *variables_get(const struct variables *variables, struct ct_slice name)
{
	const char *value = variables->before ? variables_get(variables->before, name) : NULL;
	const struct variable *own;

	if (!value && variables->with_process) {
		ct_autofree char *copy = ct_strndup(name.text, name.length);

		value = getenv(copy);
	}
	own = value ? NULL : variables_own(variables, name);
	return own ? own->value : value;
}

void variables_release(struct variables *variables)
{
	free(variables->items);
	ct_names_release(&variables->names);
	*variables = (struct variables)VARIABLES_INIT;
}
