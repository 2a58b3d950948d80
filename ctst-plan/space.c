#include "ctst-plan/space.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
	uint32_t address;
	unsigned prefix;
	uint32_t first; /* of its pieces */
} blocks[] = {
	{ 0x0a000000, 8, 0 },
	{ 0xac100000, 12, 16384 },
	{ 0xc0a80000, 16, 16384 + 1024 },
};

#define BLOCK_COUNT (sizeof(blocks) / sizeof(blocks[0]))

static uint32_t mask_of(unsigned prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

static uint32_t pieces_of(unsigned prefix)
{
	return prefix >= SPACE_PIECE_PREFIX ? 1 : UINT32_C(1) << (SPACE_PIECE_PREFIX - prefix);
}

/* Which pieces of the block the network touches: *first and how many. */
static uint32_t overlap(size_t block, uint32_t address, unsigned prefix, uint32_t *first)
{
	unsigned wider = prefix < blocks[block].prefix ? prefix : blocks[block].prefix;

	if (((address ^ blocks[block].address) & mask_of(wider)) != 0)
		return 0;
	*first = blocks[block].first;
	if (prefix <= blocks[block].prefix)
		return pieces_of(blocks[block].prefix);
	*first += ((address & mask_of(prefix)) - blocks[block].address) >> (32 - SPACE_PIECE_PREFIX);
	return pieces_of(prefix);
}

static bool is_taken(const struct space *space, uint32_t piece)
{
	return space->taken[piece / 8] & (1u << (piece % 8));
}

void space_take(struct space *space, uint32_t address, unsigned prefix)
{
	for (size_t block = 0; block < BLOCK_COUNT; block++) {
		uint32_t first = 0, count = overlap(block, address, prefix, &first);

		for (uint32_t piece = first; piece < first + count; piece++)
			space->taken[piece / 8] |= (unsigned char)(1u << (piece % 8));
	}
}

bool space_is_taken(const struct space *space, uint32_t address, unsigned prefix)
{
	for (size_t block = 0; block < BLOCK_COUNT; block++) {
		uint32_t first = 0, count = overlap(block, address, prefix, &first);

		for (uint32_t piece = first; piece < first + count; piece++) {
			if (is_taken(space, piece))
				return true;
		}
	}
	return false;
}

bool space_find(const struct space *space, uint32_t hash, unsigned prefix, uint32_t *address)
{
	for (size_t block = 0; block < BLOCK_COUNT; block++) {
		uint32_t count = blocks[block].prefix <= prefix ? UINT32_C(1) << (prefix - blocks[block].prefix) : 0;

		for (uint32_t i = 0; i < count; i++) {
			*address = blocks[block].address + (((hash % count) + i) % count << (32 - prefix));
			if (!space_is_taken(space, *address, prefix))
				return true;
		}
	}
	return false;
}

/* "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF…": numbers are addresses as they lie in memory. */
static void take_route(struct space *space, const char *line, bool (*is_own)(const char *interface, void *context),
		       void *context)
{
	char interface[33];
	unsigned address, mask;

	if (sscanf(line, "%32s %8x %*x %*x %*d %*d %*d %8x", interface, &address, &mask) != 3 || mask == 0 ||
	    is_own(interface, context))
		return;
	space_take(space, ntohl(address), (unsigned)__builtin_popcount(mask));
}

void space_take_routes(struct space *space, const char *lines, bool (*is_own)(const char *interface, void *context),
		       void *context)
{
	while (*lines) {
		const char *end = strchr(lines, '\n');
		size_t length = end ? (size_t)(end - lines) : strlen(lines);
		char line[256];

		snprintf(line, sizeof(line), "%.*s", (int)(length < sizeof(line) ? length : sizeof(line) - 1), lines);
		take_route(space, line, is_own, context);
		lines += length + (end != NULL);
	}
}
