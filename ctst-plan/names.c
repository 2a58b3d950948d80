#include "ctst-plan/names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/buf.h"

struct name_slot {
	const char *text;
	size_t length;
	uint32_t hash;
	uint32_t value;
	uint32_t generation;
};

/* FNV-1a over a random basis, mixed once more at the end (MurmurHash3's finaliser). */
static uint32_t hash_of(const struct names *names, const char *text, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u ^ names->seed;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdu;
	return (uint32_t)(hash >> 32);
}

/* The slot of that name, or the empty one where it belongs. At least half of all slots are empty. */
static struct name_slot *slot_of(const struct names *names, const char *text, size_t length, uint32_t hash)
{
	size_t at = hash & (names->capacity - 1);

	for (;; at = (at + 1) & (names->capacity - 1)) {
		struct name_slot *slot = &names->slots[at];

		if (slot->generation != names->generation)
			return slot;
		if (slot->hash == hash && slot->length == length && memcmp(slot->text, text, length) == 0)
			return slot;
	}
}

static void grow(struct names *names)
{
	struct names larger = *names;

	larger.capacity = names->capacity ? names->capacity * 2 : 64;
	larger.slots = ct_alloc_array(larger.capacity, sizeof(*larger.slots));
	larger.generation = 1;
	/* Without entropy the map still works, it is only predictable. */
	if (!names->capacity && getrandom(&larger.seed, sizeof(larger.seed), GRND_NONBLOCK) < 0)
		larger.seed = 0;
	for (size_t i = 0; i < names->capacity; i++) {
		const struct name_slot *old = &names->slots[i];
		struct name_slot *slot;

		if (old->generation != names->generation)
			continue;
		slot = slot_of(&larger, old->text, old->length, old->hash);
		*slot = *old;
		slot->generation = larger.generation;
	}
	free(names->slots);
	*names = larger;
}

/* Makes room first, so that the slot stays where it is. */
static struct name_slot *slot_for_entry(struct names *names, const char *text, size_t length, bool *fresh)
{
	struct name_slot *slot;
	uint32_t hash;

	if ((names->count + 1) * 2 > names->capacity)
		grow(names);
	hash = hash_of(names, text, length);
	slot = slot_of(names, text, length, hash);
	*fresh = slot->generation != names->generation;
	if (*fresh) {
		*slot = (struct name_slot){ text, length, hash, 0, names->generation };
		names->count++;
	}
	return slot;
}

bool names_add(struct names *names, const char *text, size_t length, uint32_t value, uint32_t *existing)
{
	bool fresh;
	struct name_slot *slot = slot_for_entry(names, text, length, &fresh);

	if (fresh)
		slot->value = value;
	else if (existing)
		*existing = slot->value;
	return fresh;
}

bool names_replace(struct names *names, const char *text, size_t length, uint32_t value, uint32_t *previous)
{
	bool fresh;
	struct name_slot *slot = slot_for_entry(names, text, length, &fresh);

	if (!fresh && previous)
		*previous = slot->value;
	slot->value = value;
	return fresh;
}

bool names_find(const struct names *names, const char *text, size_t length, uint32_t *value)
{
	const struct name_slot *slot;

	if (!names->capacity)
		return false;
	slot = slot_of(names, text, length, hash_of(names, text, length));
	if (slot->generation != names->generation)
		return false;
	*value = slot->value;
	return true;
}

void names_clear(struct names *names)
{
	names->count = 0;
	if (!names->capacity)
		return;
	if (++names->generation == 0) {
		memset(names->slots, 0, names->capacity * sizeof(*names->slots));
		names->generation = 1;
	}
}

void names_release(struct names *names)
{
	free(names->slots);
	*names = (struct names)NAMES_INIT;
}
