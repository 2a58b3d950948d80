/*
 * Decompression as a stream, told apart by content: gzip, zstd and xz.
 *
 * What is decompressed comes from a stranger: the decoders' memory is bounded, whatever
 * window or dictionary the data asks for, and what follows the end of the data must be
 * more of the same kind, or zeros, or nothing.
 */
#ifndef IMAGE_DECOMPRESS_H
#define IMAGE_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_XZ,
	COMPRESSION_OTHER, /* known, but not decompressed here: bzip2, lz4, lzip, compress */
};

/* So many bytes of the beginning are looked at. */
#define COMPRESSION_PEEK 8

enum compression compression_detect(const void *begin, size_t length);
/* "gzip"; of COMPRESSION_NONE "". */
const char *compression_name(enum compression compression);

struct decompressor;

/* What a step may read and where it may write; it moves both along. */
struct decompress_io {
	const unsigned char *in;
	size_t in_length;
	unsigned char *out;
	size_t out_length;
};

/* For gzip, zstd and xz. Never NULL. */
struct decompressor *decompressor_new(enum compression compression);
/* Goes on until there is nothing to read or no room to write. False: damaged, see decompressor_reason(). */
bool decompressor_step(struct decompressor *decompressor, struct decompress_io *io);
/* Whether the input may end here. */
bool decompressor_is_complete(const struct decompressor *decompressor);
const char *decompressor_reason(const struct decompressor *decompressor);
/* NULL is accepted. */
void decompressor_free(struct decompressor *decompressor);

/* One format. A frame is a gzip member, a zstd frame or an xz stream: what can stand alone. */
enum decompress_result { DECOMPRESS_DAMAGED, DECOMPRESS_GOES_ON, DECOMPRESS_FRAME_ENDED };

struct decompress_format {
	void *(*create)(void);
	/* The next bytes are the first of a frame. */
	void (*begin)(void *state);
	enum decompress_result (*step)(void *state, struct decompress_io *io, const char **reason);
	void (*destroy)(void *state);
};

extern const struct decompress_format decompress_gzip, decompress_zstd, decompress_xz;

#endif
