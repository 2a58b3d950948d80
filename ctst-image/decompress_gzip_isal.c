/* gzip (RFC 1952) with ISA-L's igzip, which decodes several times as fast as zlib. */
#include <isa-l/igzip_lib.h>
#include <stdint.h>

#include "common/buf.h"
#include "ctst-image/decompress.h"

static void *create(void)
{
	return ct_alloc(sizeof(struct inflate_state));
}

static void begin(void *state)
{
	isal_inflate_init(state);
	((struct inflate_state *)state)->crc_flag = ISAL_GZIP;
}

static uint32_t at_most_32_bits(size_t length)
{
	return length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
}

static const char *explain(int result)
{
	switch (result) {
	case ISAL_INCORRECT_CHECKSUM:
		return "a checksum is wrong";
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return "what follows is not gzip";
	default:
		return "a block cannot be decoded";
	}
}

static enum decompress_result step(void *data, struct decompress_io *io, const char **reason)
{
	struct inflate_state *state = data;
	int result;

	/* The library does not write to its input; its interface is older than const. */
	state->next_in = (uint8_t *)(uintptr_t)io->in;
	state->avail_in = at_most_32_bits(io->in_length);
	state->next_out = io->out;
	state->avail_out = at_most_32_bits(io->out_length);
	result = isal_inflate(state);
	io->in_length -= (size_t)(state->next_in - io->in);
	io->in = state->next_in;
	io->out_length -= (size_t)(state->next_out - io->out);
	io->out = state->next_out;
	if (result < 0 || result == ISAL_NEED_DICT) {
		*reason = explain(result);
		return DECOMPRESS_DAMAGED;
	}
	return state->block_state == ISAL_BLOCK_FINISH ? DECOMPRESS_FRAME_ENDED : DECOMPRESS_GOES_ON;
}

const struct decompress_format decompress_gzip = { create, begin, step, free };
