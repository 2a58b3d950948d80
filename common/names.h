/*
 * A hash table from names to small numbers. Looking a name up costs the same in a file of ten
 * components and of a hundred thousand; the hash is seeded, so that nobody can write a file whose
 * names all fall into one place. Nothing of the order inside ever reaches a document.
 */
#ifndef CT_NAMES_H
#define CT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/template.h"

#define CT_NAME_UNKNOWN UINT32_MAX

struct ct_names_entry {
	struct ct_slice name;
	uint32_t number;
	uint32_t hash;
};

/* Eight bytes, so that the table of a hundred thousand names stays in the processor's cache. */
struct ct_names_slot {
	uint32_t hash;
	uint32_t place; /* index into entries + 1; 0: free */
};

struct ct_names {
	struct ct_names_slot *slots;    /* owned; a power of two */
	struct ct_names_entry *entries; /* owned; in the order of their adding */
	size_t capacity;                /* of slots; entries has half of it */
	size_t count;
	uint64_t seed;
};

#define CT_NAMES_INIT \
	{ \
		0 \
	}
#define ct_autonames __attribute__((cleanup(ct_names_release))) struct ct_names

/* Makes room for so many names at once, where that can be guessed. */
void ct_names_expect(struct ct_names *names, size_t count);

/* The number of the name, or CT_NAME_UNKNOWN. */
uint32_t ct_names_find(const struct ct_names *names, struct ct_slice name);

/* The same as a question: false and *number untouched when the name is unknown. */
static inline bool ct_names_get(const struct ct_names *names, struct ct_slice name, uint32_t *number)
{
	uint32_t found = ct_names_find(names, name);

	if (found != CT_NAME_UNKNOWN)
		*number = found;
	return found != CT_NAME_UNKNOWN;
}

/*
 * Adds the name, whose bytes must live as long as the table. When it is there already nothing changes,
 * *existing (unless NULL) gets its number and the result is false.
 */
bool ct_names_add(struct ct_names *names, struct ct_slice name, uint32_t number, uint32_t *existing);

/* The same, but the new number takes the place of the one that is there. */
bool ct_names_replace(struct ct_names *names, struct ct_slice name, uint32_t number, uint32_t *previous);

/*
 * Says that the name is going to be looked up soon, so that its place in the table is in the processor's cache by then:
 * in a large file the look-ups are mostly waiting for memory.
 */
void ct_names_prefetch(const struct ct_names *names, struct ct_slice name);

/* Empties the table and keeps its memory; costs what is in it, not what it has room for. */
void ct_names_clear(struct ct_names *names);

void ct_names_release(struct ct_names *names);

#endif
