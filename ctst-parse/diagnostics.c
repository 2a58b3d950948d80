#include "ctst-parse/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

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

static char *format_message(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *format_message(const char *format, va_list arguments)
{
	char *message;

	return vasprintf(&message, format, arguments) < 0 ? ct_strdup("out of memory") : message;
}

/* Whether the same has been said of the same place. */
static bool is_known(const struct diagnostic_list *list, const char *code, struct span span, const char *format,
		     va_list arguments) __attribute__((format(printf, 4, 0)));

static bool is_known(const struct diagnostic_list *list, const char *code, struct span span, const char *format,
		     va_list arguments)
{
	ct_autofree char *message = NULL;

	for (size_t i = 0; i < list->kept; i++) {
		const struct diagnostic *other = &list->items[i];

		if (other->span.offset != span.offset || strcmp(other->code, code) != 0)
			continue;
		if (!message) {
			va_list copy;

			va_copy(copy, arguments);
			message = format_message(format, copy);
			va_end(copy);
		}
		/* For a component that inherits it, too. */
		if (strncmp(other->message, message, strlen(message)) == 0)
			return true;
	}
	return false;
}

static void add_inheritor(char **message, struct ct_slice name)
{
	char *longer = ct_asprintf("%s (inherited by component '%.*s')", *message, SHOWN(name));

	free(*message);
	*message = longer;
}

struct diagnostic *diagnostics_add(struct diagnostics *all, enum severity severity, const char *code, struct span span,
				   const char *format, ...)
{
	struct diagnostic_list *list = severity == SEVERITY_ERROR ? &all->errors : &all->warnings;
	struct diagnostic wanted = { .severity = severity, .code = code, .span = span };
	struct diagnostic *place;
	va_list arguments;

	va_start(arguments, format);
	if (is_known(list, code, span, format, arguments)) {
		va_end(arguments);
		return NULL;
	}
	va_end(arguments);
	wanted.sequence = list->total;
	place = place_for(list, &wanted);
	/* A value that many inherit is wrong once; among those that are not kept, nobody can tell. */
	list->total += place || all->inheritor.length == 0;
	if (!place)
		return NULL;
	va_start(arguments, format);
	wanted.message = format_message(format, arguments);
	va_end(arguments);
	if (all->inheritor.length > 0)
		add_inheritor(&wanted.message, all->inheritor);
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

void diagnostic_hint_place(struct diagnostic *diagnostic, const struct diagnostics *all, struct span place,
			   const char *format, ...)
{
	ct_autofree char *words = NULL;
	ct_autobuf line = CT_BUF_INIT;
	va_list arguments;

	if (!diagnostic || diagnostic->hint)
		return;
	va_start(arguments, format);
	words = format_message(format, arguments);
	va_end(arguments);
	sources_append_line(&line, all->sources, diagnostic->span, place);
	diagnostic_hint(diagnostic, "%s %s", words, line.data);
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
