#include <lzma.h>

#include "common/buf.h"
#include "ctst-image/decompress.h"

/* xz -9 needs 65 MiB to decode (xz(1)); a file can ask for 4 GiB. */
#define MEMORY_LIMIT ((uint64_t)192 << 20)

static void *create(void)
{
	return ct_alloc_array(1, sizeof(lzma_stream));
}

static void begin(void *state)
{
	if (lzma_stream_decoder(state, MEMORY_LIMIT, 0) != LZMA_OK)
		abort();
}

static enum decompress_result step(void *data, struct decompress_io *io, const char **reason)
{
	lzma_stream *stream = data;
	lzma_ret result;

	stream->next_in = io->in;
	stream->avail_in = io->in_length;
	stream->next_out = io->out;
	stream->avail_out = io->out_length;
	result = lzma_code(stream, LZMA_RUN);
	io->in = stream->next_in;
	io->in_length = stream->avail_in;
	io->out = stream->next_out;
	io->out_length = stream->avail_out;
	switch (result) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* nothing to do with so little */
		return DECOMPRESS_GOES_ON;
	case LZMA_STREAM_END:
		return DECOMPRESS_FRAME_ENDED;
	case LZMA_MEMLIMIT_ERROR:
		*reason = "decoding it would take more than 192 MiB of memory";
		return DECOMPRESS_DAMAGED;
	default:
		*reason = result == LZMA_FORMAT_ERROR ? "what follows is not xz" : "a block cannot be decoded";
		return DECOMPRESS_DAMAGED;
	}
}

static void destroy(void *state)
{
	lzma_end(state);
	free(state);
}

const struct decompress_format decompress_xz = { create, begin, step, destroy };
