#include "ctst-parse/suggestion.h"

#include <strings.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/suggest.h"

const char *suggest_word(struct ct_slice word, const char *const *candidates, size_t count)
{
	ct_autofree char *typed = ct_strndup(word.text, word.length);

	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(typed, candidates[i]) == 0)
			return candidates[i];
	}
	return ct_suggest(typed, candidates, count);
}
