/* gzip (RFC 1952) with zlib, where ISA-L is not available. */
#include <limits.h>
#include <zlib.h>

#include "common/buf.h"
#include "ctst-image/decompress.h"

#define GZIP_ONLY (16 + MAX_WBITS) /* zlib.h, inflateInit2 */

static void *create(void)
{
	z_stream *stream = ct_alloc_array(1, sizeof(*stream));

	if (inflateInit2(stream, GZIP_ONLY) != Z_OK)
		abort();
	return stream;
}

static void begin(void *state)
{
	inflateReset(state);
}

static uInt at_most(size_t length)
{
	return length > UINT_MAX ? UINT_MAX : (uInt)length;
}

static enum decompress_result step(void *data, struct decompress_io *io, const char **reason)
{
	z_stream *stream = data;
	int result;

	stream->next_in = (unsigned char *)io->in;
	stream->avail_in = at_most(io->in_length);
	stream->next_out = io->out;
	stream->avail_out = at_most(io->out_length);
	result = inflate(stream, Z_NO_FLUSH);
	io->in_length -= (size_t)(stream->next_in - io->in);
	io->in = stream->next_in;
	io->out_length -= (size_t)(stream->next_out - io->out);
	io->out = stream->next_out;
	if (result == Z_STREAM_END)
		return DECOMPRESS_FRAME_ENDED;
	if (result == Z_OK || result == Z_BUF_ERROR)
		return DECOMPRESS_GOES_ON;
	*reason = stream->msg ? stream->msg : "a block cannot be decoded";
	return DECOMPRESS_DAMAGED;
}

static void destroy(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct decompress_format decompress_gzip = { create, begin, step, destroy };
