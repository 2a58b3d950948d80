/*
 * The state index: which containers a project has (ctst-state(5)).
 *
 * Readers need no lock, for the file is only ever replaced as a whole. A writer
 * holds the lock from before it reads until after it has written. A container
 * directory that the index does not name is garbage, whoever left it: the next
 * command that holds the lock removes it with everything that still runs in it.
 */
#ifndef CT_STATE_H
#define CT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/project.h"

#define CT_ID_LENGTH 36 /* UUID version 4 as text, RFC 9562 */

/* Where a container is on one network, with the length of the network's prefix: "10.4.8.2/22". */
struct ct_state_address {
	char *network;
	char *address;
	char *address6; /* NULL: none */
};

struct ct_state_entry {
	char id[CT_ID_LENGTH + 1];
	char *name;
	char *created_at;    /* RFC 3339, UTC */
	char *image;         /* URI as written in the composition */
	char *config_digest; /* "sha256:<hex>" of the container configuration in the plan */
	char *network;   /* "bridge", "none", "host" or a name, as in the plan; NULL: an older version made the entry */
	char *ports;     /* as people read them, "" when there are none; NULL likewise */
	char *directory; /* absolute: <containers>/<id> */
	struct ct_state_address *addresses;
	size_t address_count;
	/*
	 * The container in whose place this one is to come; owned. Written only by a ctst-spawn that is about to
	 * replace it. ct_state_load() gives the one that exists: this one when its directory is there, else that one.
	 */
	struct ct_state_entry *replaces;
};

struct ct_state {
	char lineage[CT_ID_LENGTH + 1]; /* of this index since it was created; "" when there is none yet */
	int64_t serial;                 /* counts the writes; 0 when there is none yet */
	struct ct_state_entry *entries; /* in the order of their start: dependencies first */
	size_t count;
};

#define CT_STATE_INIT \
	{ \
		.lineage = "" \
	}
#define ct_autostate __attribute__((cleanup(ct_state_release))) struct ct_state

/*
 * Reads the index. A missing one is an empty state. Where a container was about to be replaced and its successor does
 * not exist yet, the entry is that of the old one. -1: S001 corrupt or newer, S003 permission.
 */
int ct_state_load(const struct ct_project *project, struct ct_state *state, struct ct_err *err);

/* The same as it will be when the command that works on the project has done its work: successors, there or not. */
int ct_state_load_planned(const struct ct_project *project, struct ct_state *state, struct ct_err *err);

/*
 * Takes the lock, waiting up to 30 seconds for another command to end; creates the
 * project's directories (mode 0700) when they are missing. Returns a descriptor whose
 * close gives the lock back. -1: S002 when somebody else keeps it, S003.
 */
int ct_state_lock(const struct ct_project *project, struct ct_err *err);

/* The lock when nobody has it at this moment; -1 otherwise. */
int ct_state_try_lock(const struct ct_project *project);

/* Whether somebody has the lock at this moment. Takes nothing from anybody who waits for it. */
bool ct_state_is_locked(const struct ct_project *project);

/*
 * Writes the index with the next serial number: readers see the old one or the new one, and so does the next boot. The
 * caller holds the lock. -1: S003.
 */
int ct_state_store(const struct ct_project *project, struct ct_state *state, struct ct_err *err);

/* The list "addresses" of an object, as the index and a config.json have it; nothing when there are none. */
struct ct_json;
struct ct_json_writer;
void ct_state_write_addresses(struct ct_json_writer *writer, const struct ct_state_entry *entry);

/* Adds copies of what the object has. What is no address in it is passed over. */
void ct_state_read_addresses(const struct ct_json *object, struct ct_state_entry *entry);
void ct_state_release_addresses(struct ct_state_entry *entry);

/* Appends an entry with copies of the strings; its id and time must be set by the caller. */
void ct_state_add(struct ct_state *state, const struct ct_state_entry *entry);
void ct_state_remove(struct ct_state *state, size_t index);

/*
 * By component name, full id, or a prefix of the id of at least 8 characters that fits
 * only one. NULL with R005 (exit 4) in *err.
 */
const struct ct_state_entry *ct_state_find(const struct ct_state *state, const char *word, struct ct_err *err);

void ct_state_release(struct ct_state *state);

/* Whether the text has the form of an id. */
bool ct_is_id(const char *text);

/* A new random id. */
void ct_new_id(char id[CT_ID_LENGTH + 1]);

#endif
