#include "common/names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/buf.h"
#include "common/large.h"

/* The kernel gives every process 16 random bytes; getauxval(3). */
static uint64_t random_seed(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	uint64_t value = 0x9e3779b97f4a7c15;

	if (random)
		memcpy(&value, random, sizeof(value));
	return value | 1;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Folded multiplication, eight bytes at a time, as in wyhash. */
static uint32_t hash_of(uint64_t seed, struct ct_slice name)
{
	uint64_t hash = seed ^ name.length;
	const char *at = name.text;
	size_t left = name.length;

	while (left > 0) {
		uint64_t word = 0;
		size_t step = left < sizeof(word) ? left : sizeof(word);

		memcpy(&word, at, step);
		hash = mix(hash ^ word, 0xd6e8feb86659fd93 ^ seed);
		at += step;
		left -= step;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot of the name, or the free one where it would be put. */
static struct ct_names_slot *slot_of(const struct ct_names *names, struct ct_slice name, uint32_t hash)
{
	size_t index = hash & (names->capacity - 1);

	for (;; index = (index + 1) & (names->capacity - 1)) {
		struct ct_names_slot *slot = &names->slots[index];
		const struct ct_names_entry *entry;

		if (slot->place == 0)
			return slot;
		if (slot->hash != hash)
			continue;
		entry = &names->entries[slot->place - 1];
		if (entry->name.length == name.length && memcmp(entry->name.text, name.text, name.length) == 0)
			return slot;
	}
}

static void resize(struct ct_names *names, size_t capacity)
{
	struct ct_names_slot *slots = ct_alloc_array(capacity, sizeof(*slots));

	ct_large_hint(slots, capacity * sizeof(*slots));
	if (names->seed == 0)
		names->seed = random_seed();
	for (size_t i = 0; i < names->capacity; i++) {
		size_t index = names->slots[i].hash & (capacity - 1);

		if (names->slots[i].place == 0)
			continue;
		while (slots[index].place != 0)
			index = (index + 1) & (capacity - 1);
		slots[index] = names->slots[i];
	}
	free(names->slots);
	names->slots = slots;
	names->capacity = capacity;
	names->entries = ct_realloc_array(names->entries, capacity / 2, sizeof(*names->entries));
	ct_large_hint(names->entries, capacity / 2 * sizeof(*names->entries));
}

void ct_names_expect(struct ct_names *names, size_t count)
{
	size_t capacity = 32;

	while (capacity < 2 * count)
		capacity *= 2;
	if (capacity > names->capacity)
		resize(names, capacity);
}

uint32_t ct_names_find(const struct ct_names *names, struct ct_slice name)
{
	const struct ct_names_slot *slot;

	if (names->count == 0)
		return CT_NAME_UNKNOWN;
	slot = slot_of(names, name, hash_of(names->seed, name));
	return slot->place ? names->entries[slot->place - 1].number : CT_NAME_UNKNOWN;
}

/* The entry of the name, made when it is not there yet. */
static struct ct_names_entry *enter(struct ct_names *names, struct ct_slice name, uint32_t number, bool *fresh)
{
	struct ct_names_slot *slot;
	uint32_t hash;

	if (2 * (names->count + 1) > names->capacity)
		resize(names, names->capacity ? 2 * names->capacity : 32);
	hash = hash_of(names->seed, name);
	slot = slot_of(names, name, hash);
	*fresh = slot->place == 0;
	if (*fresh) {
		names->entries[names->count] = (struct ct_names_entry){ .name = name, .number = number, .hash = hash };
		*slot = (struct ct_names_slot){ .hash = hash, .place = (uint32_t)++names->count };
	}
	return &names->entries[slot->place - 1];
}

bool ct_names_add(struct ct_names *names, struct ct_slice name, uint32_t number, uint32_t *existing)
{
	bool fresh;
	const struct ct_names_entry *entry = enter(names, name, number, &fresh);

	if (!fresh && existing)
		*existing = entry->number;
	return fresh;
}

bool ct_names_replace(struct ct_names *names, struct ct_slice name, uint32_t number, uint32_t *previous)
{
	bool fresh;
	struct ct_names_entry *entry = enter(names, name, number, &fresh);

	if (!fresh && previous)
		*previous = entry->number;
	entry->number = number;
	return fresh;
}

void ct_names_prefetch(const struct ct_names *names, struct ct_slice name)
{
	if (names->capacity > 0)
		__builtin_prefetch(&names->slots[hash_of(names->seed, name) & (names->capacity - 1)]);
}

void ct_names_clear(struct ct_names *names)
{
	/* Every entry is in the run of full slots that begins at its hash, though slots before it may be empty by now. */
	for (size_t i = 0; i < names->count; i++) {
		size_t index = names->entries[i].hash & (names->capacity - 1);

		while (names->slots[index].place != i + 1)
			index = (index + 1) & (names->capacity - 1);
		names->slots[index].place = 0;
	}
	names->count = 0;
}

void ct_names_release(struct ct_names *names)
{
	free(names->slots);
	free(names->entries);
	*names = (struct ct_names)CT_NAMES_INIT;
}
