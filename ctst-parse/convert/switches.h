/* Variables that tell the program what to do, COMPOSE_FILE and the like: of the process, or of .env files where it has none. */
#ifndef CTST_CONVERT_SWITCHES_H
#define CTST_CONVERT_SWITCHES_H

#include "common/arena.h"
#include "common/err.h"
#include "ctst-parse/convert/variables.h"

struct switches {
	struct ct_arena *arena;
	const char **env_files; /* that --env-file or COMPOSE_ENV_FILES name; without any it is .env */
	size_t env_file_count;
	bool no_dotenv; /* COMPOSE_DISABLE_ENV_FILE */
	struct variables variables;
};

/* Takes the named files, or those of COMPOSE_ENV_FILES when there are none. */
void switches_begin(struct switches *switches, struct ct_arena *arena, const char **env_files, size_t count);

/*
 * Reads the named files, or the .env of a directory ("" or with a slash at its end); what has been read before wins. -1: E001,
 * E017, exit status 4 for a named file that is not there.
 */
int switches_read(struct switches *switches, const char *directory, struct ct_err *err);

/* The value; NULL when it is not set or empty. */
const char *switches_get(const struct switches *switches, const char *name);

/* The parts of a list. *count of them, in the arena; empty ones are left out. */
const char **switches_split(struct ct_arena *arena, const char *list, const char *separator, size_t *count);

void switches_release(struct switches *switches);

#endif
