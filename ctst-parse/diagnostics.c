#include "ctst-parse/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_SHOWN 80

static int compare_places(const struct diagnostic *a, const struct diagnostic *b)
{
	if (a->span.offset != b->span.offset)
		return a->span.offset < b->span.offset ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static void find_last(struct diagnostic_list *list)
{
	list->last = 0;
	for (size_t i = 1; i < list->kept; i++) {
		if (compare_places(&list->items[list->last], &list->items[i]) < 0)
			list->last = i;
	}
}

/* A place in the list for `wanted`: a free one, or the one of the last in the file when `wanted` comes before it. */
static struct diagnostic *place_for(struct diagnostic_list *list, const struct diagnostic *wanted)
{
	struct diagnostic *place;

	if (list->kept < DIAGNOSTICS_KEPT)
		return &list->items[list->kept++];
	place = &list->items[list->last];
	if (compare_places(wanted, place) >= 0)
		return NULL;
	free(place->message);
	free(place->hint);
	return place;
}

struct diagnostic *diagnostics_add(struct diagnostics *all, enum severity severity, const char *code, struct span span,
				   const char *format, ...)
{
	struct diagnostic_list *list = severity == SEVERITY_ERROR ? &all->errors : &all->warnings;
	struct diagnostic wanted = { .severity = severity, .code = code, .source = all->source, .span = span };
	struct diagnostic *place;
	va_list arguments;

	wanted.sequence = list->total++;
	place = place_for(list, &wanted);
	if (!place)
		return NULL;
	va_start(arguments, format);
	if (vasprintf(&wanted.message, format, arguments) < 0)
		wanted.message = ct_strdup("out of memory");
	va_end(arguments);
	*place = wanted;
	if (list->kept == DIAGNOSTICS_KEPT)
		find_last(list);
	return place;
}

void diagnostic_hint(struct diagnostic *diagnostic, const char *format, ...)
{
	va_list arguments;

	if (!diagnostic || diagnostic->hint)
		return;
	va_start(arguments, format);
	if (vasprintf(&diagnostic->hint, format, arguments) < 0)
		diagnostic->hint = NULL;
	va_end(arguments);
}

void diagnostic_did_you_mean(struct diagnostic *diagnostic, const char *suggestion)
{
	if (suggestion)
		diagnostic_hint(diagnostic, "did you mean '%s'?", suggestion);
}

void diagnostics_hide(struct diagnostics *all, struct span span)
{
	if (all->secret_count == all->secret_capacity) {
		all->secret_capacity = all->secret_capacity ? 2 * all->secret_capacity : 16;
		all->secrets = ct_realloc_array(all->secrets, all->secret_capacity, sizeof(*all->secrets));
	}
	all->secrets[all->secret_count++] = span;
}

static int compare_pointers(const void *a, const void *b)
{
	const struct diagnostic *const *first = a, *const *second = b;
	int order = compare_places(*first, *second);

	/* Errors and warnings are counted apart; at one place the error comes first. */
	if ((*first)->span.offset == (*second)->span.offset && (*first)->severity != (*second)->severity)
		return (*first)->severity == SEVERITY_ERROR ? -1 : 1;
	return order;
}

size_t diagnostics_sort(const struct diagnostics *all, const struct diagnostic **sorted)
{
	size_t count = 0;

	for (size_t i = 0; i < all->errors.kept; i++)
		sorted[count++] = &all->errors.items[i];
	for (size_t i = 0; i < all->warnings.kept; i++)
		sorted[count++] = &all->warnings.items[i];
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), compare_pointers);
	return count;
}

static void release_list(struct diagnostic_list *list)
{
	for (size_t i = 0; i < list->kept; i++) {
		free(list->items[i].message);
		free(list->items[i].hint);
	}
	list->kept = 0;
}

void diagnostics_release(struct diagnostics *all)
{
	release_list(&all->errors);
	release_list(&all->warnings);
	free(all->secrets);
	all->secrets = NULL;
	all->secret_count = all->secret_capacity = 0;
}

int shown_length(struct ct_slice slice)
{
	size_t length = slice.length < LONGEST_SHOWN ? slice.length : LONGEST_SHOWN;

	/* Not in the middle of a character. */
	while (length < slice.length && length > 0 && ((unsigned char)slice.text[length] & 0xc0) == 0x80)
		length--;
	return (int)length;
}
