#include <stdlib.h>
#include <zstd.h>

#include "ctst-image/decompress.h"

/* What every decoder must accept is 8 MiB (RFC 8878, 3.1.1.1.2); `zstd --long` asks for 128 MiB. */
#define MAX_WINDOW_LOG 27

static void *create(void)
{
	ZSTD_DStream *stream = ZSTD_createDStream();

	if (!stream || ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, MAX_WINDOW_LOG)))
		abort();
	return stream;
}

static void begin(void *state)
{
	ZSTD_DCtx_reset(state, ZSTD_reset_session_only);
}

static enum decompress_result step(void *state, struct decompress_io *io, const char **reason)
{
	ZSTD_inBuffer in = { io->in, io->in_length, 0 };
	ZSTD_outBuffer out = { io->out, io->out_length, 0 };
	size_t result = ZSTD_decompressStream(state, &out, &in);

	io->in += in.pos;
	io->in_length -= in.pos;
	io->out += out.pos;
	io->out_length -= out.pos;
	if (ZSTD_isError(result)) {
		*reason = ZSTD_getErrorName(result);
		return DECOMPRESS_DAMAGED;
	}
	return result == 0 ? DECOMPRESS_FRAME_ENDED : DECOMPRESS_GOES_ON;
}

static void destroy(void *state)
{
	ZSTD_freeDStream(state);
}

const struct decompress_format decompress_zstd = { create, begin, step, destroy };
