/* Names that things get in the result, so that no two of them get the same one. */
#ifndef CTST_CONVERT_NAME_TABLE_H
#define CTST_CONVERT_NAME_TABLE_H

#include "common/arena.h"
#include "common/names.h"

#define NAME_MAX_BYTES 63 /* of components, networks and volumes */

struct name_table {
	struct ct_names taken;
	struct ct_names stems;     /* of names that were taken, to the next number behind them */
	struct ct_names originals; /* what a thing is called in the compose files, to its entry in taken */
};

/* The name, or one with a number behind it when it is taken; now it is. At most NAME_MAX_BYTES, in the arena. */
const char *name_take(struct name_table *table, struct ct_arena *arena, const char *name);

/* The name of what the compose files call `original`: the one it has, or what name_take() makes of `name`. */
const char *name_of(struct name_table *table, struct ct_arena *arena, const char *original, const char *name);

void name_table_release(struct name_table *table);

#endif
