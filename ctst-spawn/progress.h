/*
 * What a run is doing, for the person who waits for it. On a terminal: a line for each container that has come up, and
 * below these a few lines that are redrawn in place for those that have not. Elsewhere: a line when a wait begins
 * and one when it is over. With -q nothing.
 */
#ifndef CTST_SPAWN_PROGRESS_H
#define CTST_SPAWN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_mode {
	PROGRESS_NONE,
	PROGRESS_WAITS, /* lines for waits */
	PROGRESS_LINES, /* lines for everything */
	PROGRESS_LIVE,
};

/* A line of the live part. Texts are borrowed. */
struct progress_row {
	const char *name;
	const char *state;
	const char *health; /* "" when it has none */
	int64_t since;      /* ct_monotonic() */
	int64_t deadline;   /* 0: none */
};

struct progress {
	enum progress_mode mode;
	bool colour;
	int64_t draw_at; /* ct_monotonic() time of the next drawing; 0: never */
	size_t lines;    /* of the live part as it stands on the screen */
	int columns;     /* of the screen when it was drawn */
};

/* `live`: the terminal is ours alone while this program runs. */
void progress_init(struct progress *progress, bool live);

/* Something has become of a container: "started", "healthy after 2.3 s". `wait`: a wait is over by that. */
void progress_tell(struct progress *progress, const char *name, const char *what, bool wait);

/* A wait begins: "waiting until 'db' is healthy". Nothing is said where the live part says it. */
void progress_wait(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Draws the live part anew. */
void progress_draw(struct progress *progress, const struct progress_row *rows, size_t count);

/* Takes the live part off the screen: somebody else is going to write. */
void progress_clear(struct progress *progress);

/* "850 ms", "2.3 s", "45 s", "3 min 05 s". */
void progress_format_time(int64_t nanoseconds, char *text, size_t size);

#endif
