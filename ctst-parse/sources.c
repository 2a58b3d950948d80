#include "ctst-parse/sources.h"

#include <stdlib.h>

struct source *sources_add(struct sources *sources, struct source *source)
{
	struct source *kept;

	if (sources->count == SOURCES_MAX || sources->bytes + source->length > SOURCES_MAX_BYTES) {
		source_release(source);
		return NULL;
	}
	kept = ct_alloc_array(1, sizeof(*kept));
	*kept = *source;
	*source = (struct source){ 0 };
	kept->number = sources->count;
	/* One more than its bytes: an error at the end of a file stands behind the last one. */
	kept->base = (uint32_t)sources->bytes + sources->count;
	sources->items = ct_realloc_array(sources->items, sources->count + 1, sizeof(struct source *));
	sources->items[sources->count++] = kept;
	sources->bytes += kept->length;
	return kept;
}

const struct source *sources_find(const struct sources *sources, uint32_t offset)
{
	uint32_t low = 0, high = sources->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (offset < sources->items[middle]->base)
			high = middle;
		else
			low = middle;
	}
	return sources->items[low];
}

void sources_release(struct sources *sources)
{
	for (uint32_t i = 0; i < sources->count; i++) {
		source_release(sources->items[i]);
		free(sources->items[i]);
	}
	free(sources->items);
	*sources = (struct sources){ 0 };
}

void sources_append_line(struct ct_buf *out, const struct sources *sources, struct span from, struct span place)
{
	const struct source *source = sources_find(sources, place.offset);

	if (source == sources_find(sources, from.offset))
		ct_buf_printf(out, "line %u", place.line);
	else
		ct_buf_printf(out, "%s:%u", source->shown, place.line);
}
