#include "ctst-parse/convert/verify.h"

#include <stdlib.h>
#include <string.h>

#include "ctst-parse/compile.h"

#define MOST_ROUNDS 40 /* each takes out what up to DIAGNOSTICS_KEPT errors are about */

/* The innermost part around the offset; NULL: none. */
static const struct extent *find_extent(const struct extents *extents, size_t offset)
{
	size_t low = 0, high = extents->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extents->items[middle].begin <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low > 0; low--) {
		if (offset < extents->items[low - 1].end)
			return &extents->items[low - 1];
	}
	return NULL;
}

static void drop_part(struct output *output, struct part *part, const struct diagnostic *why)
{
	if (part->dropped)
		return;
	part->dropped = true;
	report_loss(output->report, part->subject, part->cause, "%s%s%s", why->message, why->hint ? "; " : "",
		    why->hint ? why->hint : "");
}

static void drop(struct output *output, const struct extent *extent, const struct diagnostic *why)
{
	drop_part(output, extent->part, why);
	for (struct part *part = extent->property ? extent->property->parts.first : NULL; part; part = part->next)
		part->dropped = true;
}

/* Whether there were errors; what they are about is dropped. -1: one is about nothing that could be. */
static int drop_refused(struct output *output, const struct extents *extents, const struct diagnostics *diagnostics,
			struct ct_err *err)
{
	for (size_t i = 0; i < diagnostics->errors.kept; i++) {
		const struct diagnostic *error = &diagnostics->errors.items[i];
		const struct extent *extent = find_extent(extents, error->span.offset);

		if (!extent)
			return ct_fail(err, error->code, "the result would not be valid: %s", error->message);
		drop(output, extent, error);
	}
	return diagnostics->errors.total > 0;
}

static int check_once(struct output *output, const char *directory, const struct ct_buf *text,
		      const struct extents *extents, struct ct_err *err)
{
	static const struct compile_options options;
	struct compilation compilation;
	struct source source;
	int result;

	source_from_text(&source, "result", directory, text->data, text->length);
	compile(&compilation, &source, &options);
	result = drop_refused(output, extents, &compilation.diagnostics, err);
	compilation_release(&compilation);
	return result;
}

int verify_and_write(struct output *output, const char *directory, struct ct_buf *out, struct ct_err *err)
{
	struct extents extents = { 0 };
	int result = 1;

	for (int round = 0; result > 0; round++) {
		ct_buf_clear(out);
		ct_buf_puts(out, "");
		result = output_write(output, out, &extents, err);
		if (result == 0)
			result = check_once(output, directory, out, &extents, err);
		if (result > 0 && round == MOST_ROUNDS)
			result = ct_fail(err, "E020", "more than %d values are not valid in a .ctst file",
					 MOST_ROUNDS * DIAGNOSTICS_KEPT);
	}
	free(extents.items);
	return result;
}
