#include "ctst-parse/ast.h"

#include <ctype.h>
#include <stdlib.h>

#include "common/buf.h"
#include "ctst-parse/suggestion.h"

#define SUGGESTIONS_COMPARED 1000
#define LONGEST_SUGGESTED 64

struct entry *component_property(const struct component *component, uint8_t property)
{
	if (!(component->present & 1U << property))
		return NULL;
	for (struct entry *entry = component->properties; entry; entry = entry->next) {
		if (entry->property == property)
			return entry;
	}
	return NULL;
}

/* Cheap to ask and true for nearly every slip: a similar length, and the same first or last letter. */
static bool is_similar(struct ct_slice a, struct ct_slice b)
{
	size_t difference = a.length > b.length ? a.length - b.length : b.length - a.length;

	if (a.length == 0 || b.length == 0 || b.length > LONGEST_SUGGESTED || difference > 3)
		return false;
	return tolower((unsigned char)a.text[0]) == tolower((unsigned char)b.text[0]) ||
	       tolower((unsigned char)a.text[a.length - 1]) == tolower((unsigned char)b.text[b.length - 1]);
}

char *composition_suggest(const struct composition *composition, struct ct_slice word)
{
	char *candidates[SUGGESTIONS_COMPARED] = { 0 };
	char *found = NULL;
	const char *closest;
	size_t count = 0;

	if (word.length > LONGEST_SUGGESTED)
		return NULL;
	for (size_t i = 0; i < composition->component_count && count < SUGGESTIONS_COMPARED; i++) {
		struct ct_slice name = composition->components[i].name;

		if (is_similar(word, name))
			candidates[count++] = ct_strndup(name.text, name.length);
	}
	closest = suggest_word(word, (const char *const *)candidates, count);
	if (closest)
		found = ct_strdup(closest);
	for (size_t i = 0; i < count; i++)
		free(candidates[i]);
	return found;
}

void composition_release(struct composition *composition)
{
	free(composition->components);
	free(composition->connections);
	free(composition->exposures);
	free(composition->imports);
	ct_names_release(&composition->names);
	*composition = (struct composition){ 0 };
}
