#include "ctst-parse/names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/buf.h"
#include "ctst-parse/large.h"

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
static struct names_slot *slot_of(const struct names *names, struct ct_slice name, uint32_t hash)
{
	size_t index = hash & (names->capacity - 1);

	for (;; index = (index + 1) & (names->capacity - 1)) {
		struct names_slot *slot = &names->slots[index];
		const struct names_entry *entry;

		if (slot->place == 0)
			return slot;
		if (slot->hash != hash)
			continue;
		entry = &names->entries[slot->place - 1];
		if (entry->name.length == name.length && memcmp(entry->name.text, name.text, name.length) == 0)
			return slot;
	}
}

static void resize(struct names *names, size_t capacity)
{
	struct names_slot *slots = ct_alloc_array(capacity, sizeof(*slots));

	large_hint(slots, capacity * sizeof(*slots));
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
	large_hint(names->entries, capacity / 2 * sizeof(*names->entries));
}

void names_expect(struct names *names, size_t count)
{
	size_t capacity = 32;

	while (capacity < 2 * count)
		capacity *= 2;
	if (capacity > names->capacity)
		resize(names, capacity);
}

uint32_t names_find(const struct names *names, struct ct_slice name)
{
	const struct names_slot *slot;

	if (names->count == 0)
		return NAME_UNKNOWN;
	slot = slot_of(names, name, hash_of(names->seed, name));
	return slot->place ? names->entries[slot->place - 1].number : NAME_UNKNOWN;
}

uint32_t names_add(struct names *names, struct ct_slice name, uint32_t number)
{
	struct names_slot *slot;
	uint32_t hash;

	if (2 * (names->count + 1) > names->capacity)
		resize(names, names->capacity ? 2 * names->capacity : 32);
	hash = hash_of(names->seed, name);
	slot = slot_of(names, name, hash);
	if (slot->place)
		return names->entries[slot->place - 1].number;
	names->entries[names->count] = (struct names_entry){ .name = name, .number = number };
	*slot = (struct names_slot){ .hash = hash, .place = (uint32_t)++names->count };
	return number;
}

void names_prefetch(const struct names *names, struct ct_slice name)
{
	if (names->capacity > 0)
		__builtin_prefetch(&names->slots[hash_of(names->seed, name) & (names->capacity - 1)]);
}

void names_release(struct names *names)
{
	free(names->slots);
	free(names->entries);
	*names = (struct names)NAMES_INIT;
}
