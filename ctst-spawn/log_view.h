/*
 * Several logs shown as one: the entries that are there by their time, then those that come, until all containers have ended
 * and none is going to come in the place of one.
 */
#ifndef CTST_SPAWN_LOG_VIEW_H
#define CTST_SPAWN_LOG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctst-spawn/log_merge.h"
#include "ctst-spawn/log_printer.h"
#include "ctst-spawn/log_reader.h"
#include "ctst-spawn/log_succession.h"
#include "ctst-spawn/log_watch.h"

struct log_view {
	const char *program;        /* for messages */
	struct log_reader *readers; /* of each container, as all the arrays here */
	struct log_origin *origins;
	struct log_watched *watched;
	struct log_place *places;
	size_t count;
	size_t chunk; /* bytes that each reader reads at a time */
	struct log_merge merge;
	struct log_printer printer;
	struct log_range range;
	int64_t until; /* ct_now() time; 0: none */
	struct log_succession succession;
};

/* Whether a container has its directory. */
bool log_view_is_there(const char *directory);

/*
 * A pidfd of its supervisor while there is more to come; -1 when the last word is in the log. One that is just starting has
 * not written down who it is: `patient`, it is waited for, else it is -1 as well, and the project tells of the start.
 */
int log_view_open_writer(const char *directory, bool patient);

/* All is set up, the watch for these containers. -1: a log cannot be read or the output not be written. */
int log_view_show(struct log_view *view, struct log_watch *watch, struct ct_err *err);

#endif
