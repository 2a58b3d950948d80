#include "ctst-image/decompress.h"

#include <string.h>

#include "common/buf.h"

struct decompressor {
	const struct decompress_format *format;
	void *state;
	bool in_frame;
	bool had_frame;
	const char *reason;
};

static const struct {
	const char *magic;
	size_t length;
	enum compression compression;
} magics[] = {
	{ "\x1f\x8b\x08", 3, COMPRESSION_GZIP },      { "\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD },
	{ "\xfd\x37zXZ\0", 6, COMPRESSION_XZ },       { "BZh", 3, COMPRESSION_OTHER },
	{ "\x04\x22\x4d\x18", 4, COMPRESSION_OTHER }, { "LZIP", 4, COMPRESSION_OTHER },
	{ "\x1f\x9d", 2, COMPRESSION_OTHER },
};

enum compression compression_detect(const void *begin, size_t length)
{
	const unsigned char *bytes = begin;

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (length >= magics[i].length && memcmp(bytes, magics[i].magic, magics[i].length) == 0)
			return magics[i].compression;
	}
	/* A skippable frame may come first (RFC 8878, 3.1.2). */
	if (length >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

const char *compression_name(enum compression compression)
{
	static const char *const names[] = {
		[COMPRESSION_NONE] = "", [COMPRESSION_GZIP] = "gzip",   [COMPRESSION_ZSTD] = "zstd",
		[COMPRESSION_XZ] = "xz", [COMPRESSION_OTHER] = "other",
	};

	return names[compression];
}

struct decompressor *decompressor_new(enum compression compression)
{
	struct decompressor *decompressor = ct_alloc_array(1, sizeof(*decompressor));

	decompressor->format = compression == COMPRESSION_GZIP   ? &decompress_gzip
			       : compression == COMPRESSION_ZSTD ? &decompress_zstd
								 : &decompress_xz;
	decompressor->state = decompressor->format->create();
	decompressor->reason = "it does not begin with what it says it is";
	return decompressor;
}

/* Blocks of tapes are filled up with zeros. */
static void skip_padding(struct decompress_io *io)
{
	while (io->in_length > 0 && *io->in == 0) {
		io->in++;
		io->in_length--;
	}
}

static bool step_frame(struct decompressor *decompressor, struct decompress_io *io)
{
	switch (decompressor->format->step(decompressor->state, io, &decompressor->reason)) {
	case DECOMPRESS_DAMAGED:
		return false;
	case DECOMPRESS_FRAME_ENDED:
		decompressor->in_frame = false;
		decompressor->had_frame = true;
		return true;
	default:
		return true;
	}
}

bool decompressor_step(struct decompressor *decompressor, struct decompress_io *io)
{
	for (;;) {
		size_t in_length = io->in_length, out_length = io->out_length;

		if (!decompressor->in_frame) {
			if (decompressor->had_frame)
				skip_padding(io);
			if (io->in_length == 0)
				return true;
			decompressor->format->begin(decompressor->state);
			decompressor->in_frame = true;
		}
		if (!step_frame(decompressor, io))
			return false;
		if (io->out_length == 0)
			return true;
		/* It waits for more. A frame that has ended gives the rest of the input to the next one. */
		if (decompressor->in_frame && io->in_length == in_length && io->out_length == out_length)
			return true;
		if (decompressor->in_frame && io->in_length == 0 && io->out_length == out_length)
			return true;
	}
}

bool decompressor_is_complete(const struct decompressor *decompressor)
{
	return decompressor->had_frame && !decompressor->in_frame;
}

const char *decompressor_reason(const struct decompressor *decompressor)
{
	return decompressor->reason;
}

void decompressor_free(struct decompressor *decompressor)
{
	if (!decompressor)
		return;
	decompressor->format->destroy(decompressor->state);
	free(decompressor);
}
