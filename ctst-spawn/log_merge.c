#include "ctst-spawn/log_merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

void log_merge_init(struct log_merge *merge, size_t most)
{
	merge->readers = ct_alloc_array(most, sizeof(struct log_reader *));
	merge->count = 0;
}

void log_merge_release(struct log_merge *merge)
{
	free(merge->readers);
}

static bool is_before(const struct log_reader *a, const struct log_reader *b)
{
	int order = memcmp(a->entry.time, b->entry.time, CT_TIME_LENGTH);

	return order < 0 || (order == 0 && a < b);
}

void log_merge_add(struct log_merge *merge, struct log_reader *reader)
{
	size_t at = merge->count++;

	while (at > 0 && is_before(reader, merge->readers[(at - 1) / 2])) {
		merge->readers[at] = merge->readers[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	merge->readers[at] = reader;
}

struct log_reader *log_merge_take(struct log_merge *merge)
{
	struct log_reader *first, *last;
	size_t at = 0;

	if (merge->count == 0)
		return NULL;
	first = merge->readers[0];
	last = merge->readers[--merge->count];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= merge->count)
			break;
		if (child + 1 < merge->count && is_before(merge->readers[child + 1], merge->readers[child]))
			child++;
		if (!is_before(merge->readers[child], last))
			break;
		merge->readers[at] = merge->readers[child];
		at = child;
	}
	merge->readers[at] = last;
	return first;
}
