#include "ctst-spawn/select.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/buf.h"

const struct ct_state_entry **select_entries(const struct ct_state *state, char **names, size_t name_count,
					     size_t *count, struct ct_err *err)
{
	const struct ct_state_entry **entries = ct_alloc_array(state->count, sizeof(*entries));
	bool *chosen = ct_alloc_array(state->count, sizeof(*chosen));

	*count = 0;
	for (size_t i = 0; i < name_count; i++) {
		const struct ct_state_entry *entry = ct_state_find(state, names[i], err);

		if (!entry) {
			free(entries);
			free(chosen);
			return NULL;
		}
		chosen[entry - state->entries] = true;
	}
	for (size_t i = 0; i < state->count; i++) {
		if (name_count == 0 || chosen[i])
			entries[(*count)++] = &state->entries[i];
	}
	free(chosen);
	return entries;
}
