/*
 * Who comes in the place of a container that has ended, while its log is followed: its component was changed, or started
 * anew, by another command. That has the project's lock from before the end of the old container until the new one
 * is there (state.h), so between the two it is known that one may come.
 */
#ifndef CTST_SPAWN_LOG_SUCCESSION_H
#define CTST_SPAWN_LOG_SUCCESSION_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/names.h"
#include "common/project.h"
#include "common/state.h"

/* The container of a component that is shown at present. */
struct log_place {
	char *directory; /* owned */
	char created_at[CT_TIME_LENGTH + 1];
	char from[CT_TIME_LENGTH + 1]; /* what was written before has been shown; "" for no bound */
	bool stays;                    /* the component is shown, not only this container of it */
	int64_t done;                  /* ct_now() time: it has ended, and its log was shown to its end; 0: not yet */
};

/* The index as it was read last. */
struct log_succession {
	const struct ct_project *project; /* not owned; NULL: nobody is waited for */
	struct stat seen;
	struct ct_state state;
	struct ct_names names; /* of the entries of `state` */
};

/* From here on a change of the index is noticed. */
void log_succession_init(struct log_succession *succession, const struct ct_project *project);

/* Somebody is at work on the project. */
bool log_succession_may_come(const struct log_succession *succession);

/* Reads the index if it has changed. */
void log_succession_look(struct log_succession *succession);

/*
 * Of a place that is done: puts another container there if one has come. One that is older than the one before, because that
 * was undone, is shown from now on. false: it is the one that was there, which may have been started again.
 */
bool log_succession_replace(const struct log_succession *succession, const char *name, struct log_place *place);

void log_place_init(struct log_place *place, const struct ct_state_entry *entry, bool stays);
void log_place_release(struct log_place *place);
void log_succession_release(struct log_succession *succession);

#endif
