/*
 * What has happened to containers: `.containust/state/events.ndjson`, one JSON object on
 * each line (ctst-events(1)). It is only ever appended to, one write(2) a line, so that any
 * number of supervisors and tools may write at the same time; a file that has grown large
 * becomes `events.ndjson.1`, and the one that had this name is gone.
 *
 * An event is a note, not a record anything depends on: what is true is in the state and in
 * the containers' directories.
 */
#ifndef CT_EVENT_H
#define CT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define CT_EVENTS_FILE "events.ndjson" /* below .containust/state */
#define CT_EVENTS_OLD "events.ndjson.1"
#define CT_EVENTS_LIMIT (INT64_C(8) << 20) /* bytes after which a file becomes the old one */

enum ct_event_kind {
	CT_EVENT_CREATED,   /* by ctst-spawn */
	CT_EVENT_STARTED,   /* by the supervisor: its command runs, for the first time */
	CT_EVENT_RESTARTED, /* the same, later */
	CT_EVENT_HEALTHY,
	CT_EVENT_UNHEALTHY,
	CT_EVENT_DIED,    /* a run has ended that nobody asked to stop; it may be restarted */
	CT_EVENT_STOPPED, /* a run has ended that was asked to stop */
	CT_EVENT_REMOVED, /* by whoever removed it */
};

struct ct_event {
	enum ct_event_kind kind;
	const char *id, *name;
	const char *image; /* NULL: not said */
	int exit_code;     /* of DIED and STOPPED; 128 + n for signal n; -1: not said */
	bool oom_killed;   /* of DIED: the kernel killed it for its memory limit */
	int restarts;      /* how often it was started again; -1: not said */
};

const char *ct_event_name(enum ct_event_kind kind);

/*
 * Appends one line to the project's events, with the time of now. Best effort: -1 with errno (a full disk, no project),
 * which is no reason to do anything else differently.
 */
int ct_event_append(const char *project_directory, const struct ct_event *event);

#endif
