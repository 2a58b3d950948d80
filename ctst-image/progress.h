/* What a person at a terminal sees of a long import or download: one line on stderr that is overwritten. Nothing in a pipe. */
#ifndef IMAGE_PROGRESS_H
#define IMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool enabled;
	bool shown;
	int64_t next;  /* when the next line is due, ct_monotonic() */
	int64_t total; /* bytes; -1 and 0: not known */
	const char *verb;
	const char *what;
};

/* "importing", "downloading"; both texts are borrowed until progress_end(). */
void progress_start(struct progress *progress, const char *verb, const char *what);
/* A bar when the total is known. 0 entries: there are none to speak of. */
void progress_update(struct progress *progress, int64_t bytes, int64_t entries);
/* Clears the line. */
void progress_end(struct progress *progress);

#endif
