/*
 * What images consist of: every blob that can be reached from a descriptor of index.json, and the layers that
 * their configs name.
 *
 * Documents come from strangers: each is bounded and hashed before it is believed, none is read twice,
 * and there is no recursion over them. What is not in the store is not missed: an index of platforms need not have all of them.
 */
#ifndef IMAGE_REACH_H
#define IMAGE_REACH_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"
#include "common/names.h"

struct reach {
	struct ct_names blobs;  /* hex digits */
	struct ct_names layers; /* hex digits of diff-ids */
	struct ct_names stacks; /* reach_stack() of each config */
	struct ct_arena arena;
};

#define REACH_INIT \
	{ \
		.blobs = CT_NAMES_INIT, .layers = CT_NAMES_INIT, .stacks = CT_NAMES_INIT, .arena = CT_ARENA_INIT \
	}
#define auto_reach __attribute__((cleanup(reach_release))) struct reach

/* Adds what the descriptor's image consists of. -1: I002, a document is damaged and hides what it names. */
int reach_image(struct reach *reach, int blobs, const struct ct_json *descriptor, struct ct_err *err);

/*
 * One text for a list of layers (hex digits each, the lowest first) as they are mounted: of one that comes several times
 * the highest place counts. Lives in the arena.
 */
struct ct_slice reach_stack(struct ct_arena *arena, const char *const *layers, size_t count);

bool reach_has(const struct ct_names *names, const char *hex);
void reach_release(struct reach *reach);

#endif
