#include "common/suggest.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 64 /* longer words are not slips of the finger */
#define STEP 2     /* one edit; a wrong case counts 1 */

static int minimum(int a, int b)
{
	return a < b ? a : b;
}

static int substitution(char a, char b)
{
	if (a == b)
		return 0;
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : STEP;
}

/* Optimal string alignment distance, in half edits, with three rows of the matrix. */
static int distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int rows[3][LONGEST + 1];
	int *before = rows[0], *previous = rows[1], *current = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		previous[j] = (int)j * STEP;
	for (size_t i = 1; i <= a_length; i++) {
		int *oldest = before;

		current[0] = (int)i * STEP;
		for (size_t j = 1; j <= b_length; j++) {
			int best = previous[j - 1] + substitution(a[i - 1], b[j - 1]);

			best = minimum(best, minimum(previous[j], current[j - 1]) + STEP);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && a[i - 1] != b[j - 1])
				best = minimum(best, before[j - 2] + STEP);
			current[j] = best;
		}
		before = previous;
		previous = current;
		current = oldest;
	}
	return previous[b_length];
}

const char *ct_suggest(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strnlen(word, LONGEST + 1);
	int best = (int)(length * STEP / 3);
	const char *found = NULL;

	if (length == 0 || length > LONGEST)
		return NULL;
	if (best < STEP)
		best = STEP;
	if (best > 3 * STEP)
		best = 3 * STEP;
	for (size_t i = 0; i < count; i++) {
		size_t candidate_length = strnlen(candidates[i], LONGEST + 1);
		int edits;

		if (candidate_length > LONGEST)
			continue;
		edits = distance(word, length, candidates[i], candidate_length);
		if (edits < best || (edits == best && !found)) {
			best = edits;
			found = candidates[i];
		}
	}
	/* A word of one or two letters is not "close" to a completely different one. */
	return found && best < (int)length * STEP ? found : NULL;
}
