/*
 * Reading a project's events (common/event.h): first what there is, the older file before the present one, then what
 * is appended, also when a file is renamed meanwhile and another takes its place.
 *
 * Any program may append to these files, and a full disk may cut a line: what is no event is passed over.
 */
#ifndef CTST_SPAWN_EVENT_READER_H
#define CTST_SPAWN_EVENT_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/project.h"

struct event_file {
	int fd;             /* -1: none */
	struct ct_buf text; /* what was read */
	size_t position;    /* of the next line in it */
	bool skipping;      /* the line that is being read is longer than an event can be */
};

struct event_reader {
	char *directory;            /* owned: where the files are; it need not exist yet */
	struct event_file previous; /* renamed; whoever had opened it before that may still append */
	struct event_file present;
};

/* An event; its strings are those of the document. */
struct event_record {
	struct ct_json_doc *doc; /* owned */
	int64_t time;            /* ns since the epoch */
	const char *event;       /* a word that a later version may have added to those of common/event.h */
	const char *id;
	const char *name; /* of its component; "" when it is not known any more */
};

void event_reader_open(struct event_reader *reader, const struct ct_project *project);

/* The next event that is there; the caller gives it back. false: no more at this moment. */
bool event_reader_next(struct event_reader *reader, struct event_record *record);

void event_record_release(struct event_record *record);
void event_reader_close(struct event_reader *reader);

#endif
