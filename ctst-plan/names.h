/*
 * A hashed map from names to numbers, so that 100,000 components cost what they
 * should. The seed is random: nobody can choose names that collide. Nothing of
 * the order inside ever reaches a document.
 */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_slot;

struct names {
	struct name_slot *slots; /* a power of two of them */
	size_t capacity;
	size_t count;
	uint64_t seed;
	uint32_t generation; /* slots of another generation are empty: names_clear() touches none */
};

#define NAMES_INIT \
	{ \
		0 \
	}
#define autonames __attribute__((cleanup(names_release))) struct names

/*
 * Enters text → value. When the text is there already nothing changes, *existing
 * (unless NULL) gets its value and the result is false. The text is not copied
 * and must live as long as the map.
 */
bool names_add(struct names *names, const char *text, size_t length, uint32_t value, uint32_t *existing);

/* The same, but the new value replaces the one that is there. */
bool names_replace(struct names *names, const char *text, size_t length, uint32_t value, uint32_t *previous);

/* False when the name is unknown; then *value is untouched. */
bool names_find(const struct names *names, const char *text, size_t length, uint32_t *value);

void names_clear(struct names *names);
void names_release(struct names *names);

#endif
