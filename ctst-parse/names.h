/*
 * A hash table from names to small numbers. Looking a name up costs the same in a file of ten
 * components and of a hundred thousand; the hash is seeded, so that nobody can write a file whose
 * names all fall into one place.
 */
#ifndef CTST_PARSE_NAMES_H
#define CTST_PARSE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "common/template.h"

#define NAME_UNKNOWN UINT32_MAX

struct names_entry {
	struct ct_slice name;
	uint32_t number;
};

/* Eight bytes, so that the table of a hundred thousand names stays in the processor's cache. */
struct names_slot {
	uint32_t hash;
	uint32_t place; /* index into entries + 1; 0: free */
};

struct names {
	struct names_slot *slots;    /* owned; a power of two */
	struct names_entry *entries; /* owned; in the order of their adding */
	size_t capacity;             /* of slots; entries has half of it */
	size_t count;
	uint64_t seed;
};

#define NAMES_INIT \
	{ \
		0 \
	}

/* Makes room for so many names at once, where that can be guessed. */
void names_expect(struct names *names, size_t count);

/* The number of the name, or NAME_UNKNOWN. */
uint32_t names_find(const struct names *names, struct ct_slice name);

/*
 * Adds the name, whose bytes must live as long as the table, unless it is there already. Returns the number it has now:
 * `number`, or the one it was added with before.
 */
uint32_t names_add(struct names *names, struct ct_slice name, uint32_t number);

/*
 * Says that the name is going to be looked up soon, so that its place in the table is in the processor's cache by then:
 * in a large file the look-ups are mostly waiting for memory.
 */
void names_prefetch(const struct names *names, struct ct_slice name);

void names_release(struct names *names);

#endif
