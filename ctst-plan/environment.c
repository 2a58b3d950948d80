#include <string.h>

#include "ctst-plan/container.h"

/*
 * Layers of the environment, the lowest first. A variable stands where the layer
 * that gives its value stands; what it hides below has its key taken away and is
 * squeezed out at the end.
 */
struct merge {
	struct ct_names *keys;
	struct variable *variables;
	size_t count;
};

static void merge_set(struct merge *merge, const char *key, const char *value)
{
	uint32_t hidden;

	if (!ct_names_replace(merge->keys, ct_slice_of(key), (uint32_t)merge->count, &hidden))
		merge->variables[hidden].key = NULL;
	merge->variables[merge->count++] = (struct variable){ key, value };
}

static void squeeze(const struct merge *merge, struct container *container)
{
	container->env = merge->variables;
	for (size_t i = 0; i < merge->count; i++) {
		if (merge->variables[i].key)
			container->env[container->env_count++] = merge->variables[i];
	}
}

/* CONNECT's variables. Returns the index of the first one. */
static size_t add_wiring(const struct building *building, uint32_t index, struct merge *merge)
{
	const struct adjacency *needs = &building->graph->needs;
	size_t first = merge->count;

	for (uint32_t i = needs->begin[index]; i < needs->begin[index + 1]; i++) {
		const struct endpoint *endpoint = &building->resolver.endpoints[needs->items[i]];

		for (size_t j = 0; j < endpoint->variable_count; j++)
			merge_set(merge, endpoint->variables[j].key, endpoint->variables[j].value);
	}
	return first;
}

/* The file's own. Where one of them hides a variable of CONNECT the plan says so. */
static int add_own(struct building *building, const struct container *container, size_t first_wired, size_t wired_end,
		   struct merge *merge, struct ct_err *err)
{
	const struct component *component = container->component;

	ct_json_each(variable, component->env) {
		const struct place *place = PLACE_MEMBER(PLACE_MEMBER(NULL, "env"), variable->key);
		const char *value;
		uint32_t below;

		if (resolve_text(&building->resolver, component, place, variable->text, true, &value, err) < 0)
			return -1;
		if (ct_names_get(merge->keys, ct_slice_of(variable->key), &below) && below >= first_wired &&
		    below < wired_end)
			warnings_add(building->resolver.warnings,
				     "component '%.63s': env.%.200s is set in the file, which wins over CONNECT",
				     component->name, variable->key);
		merge_set(merge, variable->key, value);
	}
	return 0;
}

int environment_build(struct building *building, uint32_t index, struct container *container, struct ct_err *err)
{
	const struct adjacency *needs = &building->graph->needs;
	const struct component *component = container->component;
	const struct image *image = container->image;
	size_t most = image->env_count + (size_t)(needs->begin[index + 1] - needs->begin[index]) * 3 +
		      (component->env ? component->env->length : 0);
	struct merge merge = { .keys = &building->keys };
	size_t first_wired, wired_end;

	ct_names_clear(merge.keys);
	merge.variables = ct_arena_array(building->resolver.arena, most, sizeof(*merge.variables));
	for (size_t i = 0; i < image->env_count; i++)
		merge_set(&merge, image->env[i].key, image->env[i].value);
	first_wired = add_wiring(building, index, &merge);
	wired_end = merge.count;
	if (add_own(building, container, first_wired, wired_end, &merge, err) < 0)
		return -1;
	squeeze(&merge, container);
	return 0;
}
