/* What a person at a terminal sees of a long import: one line on stderr that is overwritten. Nothing in a pipe. */
#ifndef IMAGE_PROGRESS_H
#define IMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool enabled;
	bool shown;
	int64_t next; /* when the next line is due, ct_monotonic() */
	const char *what;
};

void progress_start(struct progress *progress, const char *what);
void progress_update(struct progress *progress, int64_t bytes, int64_t entries);
/* Clears the line. */
void progress_end(struct progress *progress);

#endif
