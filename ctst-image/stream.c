#include "ctst-image/stream.h"

#include <errno.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "ctst-image/hash.h"
#include "ctst-image/import.h"
#include "ctst-image/sparse.h"

#define CHUNK ((size_t)256 << 10)
#define SLOTS 8

/* A file may expand to so many times its size; the first of these bytes are free. */
#define MAX_RATIO 250
#define RATIO_FLOOR ((int64_t)256 << 20)

/* Content with its headers and filling, of the file itself too. */
#define MAX_CONTENT (2 * UNPACK_MAX_BYTES)

struct chunk {
	size_t length;
	unsigned char bytes[CHUNK];
};

struct stream {
	struct stream_plan plan;
	struct stream_facts facts;
	struct decompressor *decompressor; /* NULL: the content is the file */
	unsigned char *input;              /* with a decompressor: the file's bytes */
	struct hash source_hash;
	struct hash content_hash;
	struct ct_err failure; /* the thread's; read when `ended` is seen */
	bool failed;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct chunk *slots; /* SLOTS of them, a ring */
	size_t filled;       /* slots handed over so far; under the lock, as the following */
	size_t emptied;
	bool ended;    /* no slot will be filled any more */
	bool unwanted; /* nobody will take any more */

	bool holds_slot; /* the caller reads one */
	int64_t given;
	_Atomic int64_t taken;
};

/* ---- the thread ---- */

static bool fail_errno(struct stream *stream, const char *what)
{
	ct_fail_errno(&stream->failure, "I003", "cannot %s", what);
	return false;
}

/*
 * What is copied as it comes out, of a file that is not compressed or may not stay so, is written by the caller, who
 * has less to do; what only this thread sees, by this thread.
 */
static bool copies_content(const struct stream *stream)
{
	return !stream->decompressor || (stream->plan.plain_copy && stream->facts.compression == COMPRESSION_XZ);
}

static bool copy(struct stream *stream, const unsigned char *bytes, size_t length)
{
	return stream->plan.copy_fd < 0 || sparse_write(stream->plan.copy_fd, bytes, length) == 0 ||
	       fail_errno(stream, "write to the store");
}

/* *length 0 at the end of the file. */
static bool read_source(struct stream *stream, unsigned char *to, size_t *length)
{
	ssize_t got;

	do
		got = pread(stream->plan.fd, to, CHUNK, (off_t)stream->facts.source_bytes);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		ct_fail_errno(&stream->failure, "I003", "cannot read '%s'", stream->plan.name);
		return false;
	}
	*length = (size_t)got;
	stream->facts.source_bytes += got;
	atomic_store_explicit(&stream->taken, stream->facts.source_bytes, memory_order_relaxed);
	if (stream->plan.hash)
		hash_update(&stream->source_hash, to, *length);
	return copies_content(stream) || copy(stream, to, *length);
}

static bool check_expansion(struct stream *stream)
{
	int64_t content = stream->facts.content_bytes;

	if (content > RATIO_FLOOR && content / MAX_RATIO > stream->facts.source_bytes) {
		ct_fail(&stream->failure, "I003", "it expands to more than %d times its size", MAX_RATIO);
		return false;
	}
	if (content > MAX_CONTENT) {
		ct_fail(&stream->failure, "I003", "it expands to more than %lld GiB", (long long)(MAX_CONTENT >> 30));
		return false;
	}
	return true;
}

static bool take_content(struct stream *stream, const struct chunk *chunk)
{
	stream->facts.content_bytes += (int64_t)chunk->length;
	if (!check_expansion(stream))
		return false;
	if (stream->plan.hash)
		hash_update(&stream->content_hash, chunk->bytes, chunk->length);
	return true;
}

/* A free slot, or NULL when nobody wants more. */
static struct chunk *await_free(struct stream *stream)
{
	struct chunk *chunk = NULL;

	pthread_mutex_lock(&stream->lock);
	while (stream->filled - stream->emptied == SLOTS && !stream->unwanted)
		pthread_cond_wait(&stream->changed, &stream->lock);
	if (!stream->unwanted)
		chunk = &stream->slots[stream->filled % SLOTS];
	pthread_mutex_unlock(&stream->lock);
	return chunk;
}

static void hand_over(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->filled++;
	pthread_cond_broadcast(&stream->changed);
	pthread_mutex_unlock(&stream->lock);
}

static bool pass_on(struct stream *stream)
{
	struct chunk *chunk;

	while ((chunk = await_free(stream))) {
		if (!read_source(stream, chunk->bytes, &chunk->length))
			return false;
		if (chunk->length == 0)
			return true;
		hand_over(stream);
	}
	return true;
}

static bool damaged(struct stream *stream, const char *reason)
{
	ct_fail(&stream->failure, "I003", "it is damaged: %s", reason);
	return false;
}

/* Fills the chunk as far as the file goes. */
static bool decompress(struct stream *stream, struct decompress_io *io, struct chunk *chunk)
{
	io->out = chunk->bytes;
	io->out_length = CHUNK;
	for (;;) {
		if (!decompressor_step(stream->decompressor, io))
			return damaged(stream, decompressor_reason(stream->decompressor));
		if (io->out_length == 0)
			break;
		io->in = stream->input;
		if (!read_source(stream, stream->input, &io->in_length))
			return false;
		if (io->in_length == 0)
			break;
	}
	chunk->length = CHUNK - io->out_length;
	if (chunk->length == 0 && !decompressor_is_complete(stream->decompressor))
		return damaged(stream, "it ends too early");
	return true;
}

static bool expand(struct stream *stream)
{
	struct decompress_io io = { .in = stream->input };
	struct chunk *chunk;

	while ((chunk = await_free(stream))) {
		if (!decompress(stream, &io, chunk))
			return false;
		if (chunk->length == 0)
			return true;
		if (!take_content(stream, chunk))
			return false;
		hand_over(stream);
	}
	return true;
}

static void *run(void *data)
{
	struct stream *stream = data;
	bool good = stream->decompressor ? expand(stream) : pass_on(stream);

	pthread_mutex_lock(&stream->lock);
	stream->failed = !good;
	stream->ended = true;
	pthread_cond_broadcast(&stream->changed);
	pthread_mutex_unlock(&stream->lock);
	return NULL;
}

/* ---- the caller ---- */

/* Signals are the main thread's, which knows how to clean up. */
static int start_thread(struct stream *stream)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&stream->thread, NULL, run, stream);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* A file of holes has any size for nothing, but each of its bytes would be read. */
static int find_compression(const struct stream_plan *plan, enum compression *compression, struct ct_err *err)
{
	unsigned char begin[COMPRESSION_PEEK] = { 0 };
	ssize_t length = pread(plan->fd, begin, sizeof(begin), 0);
	struct stat status;

	if (length < 0 || fstat(plan->fd, &status) < 0)
		return ct_fail_errno(err, "I003", "cannot read '%s'", plan->name);
	if (status.st_size > MAX_CONTENT)
		return ct_fail(err, "I003", "it is larger than %lld GiB", (long long)(MAX_CONTENT >> 30));
	*compression = plan->as_it_is ? COMPRESSION_NONE : compression_detect(begin, (size_t)length);
	if (*compression != COMPRESSION_OTHER)
		return 0;
	ct_fail(err, "I004", "its compression is not one that is read here");
	return ct_err_hint(err, "decompress it, or compress it with gzip, zstd or xz");
}

/*
 * Where files can share their content (btrfs, xfs), the copy is there at once and takes no room. Then it is what is read:
 * whatever becomes of the source, what is hashed is what is stored.
 */
static void share_content(struct stream *stream)
{
	bool as_it_is = !stream->decompressor || !copies_content(stream);

	if (stream->plan.copy_fd < 0 || !as_it_is || ioctl(stream->plan.copy_fd, FICLONE, stream->plan.fd) < 0)
		return;
	stream->plan.fd = stream->plan.copy_fd;
	stream->plan.copy_fd = -1;
}

struct stream *stream_open(const struct stream_plan *plan, struct ct_err *err)
{
	enum compression compression = COMPRESSION_NONE;
	struct stream *stream;
	int result;

	if (find_compression(plan, &compression, err) < 0)
		return NULL;
	stream = ct_alloc_array(1, sizeof(*stream));
	stream->plan = *plan;
	stream->facts.compression = compression;
	stream->slots = ct_alloc_array(SLOTS, sizeof(*stream->slots));
	if (compression != COMPRESSION_NONE) {
		stream->decompressor = decompressor_new(compression);
		stream->input = ct_alloc(CHUNK);
	}
	share_content(stream);
	hash_start(&stream->source_hash);
	hash_start(&stream->content_hash);
	pthread_mutex_init(&stream->lock, NULL);
	pthread_cond_init(&stream->changed, NULL);
	result = start_thread(stream);
	if (result == 0)
		return stream;
	errno = result;
	ct_fail_errno(err, "I003", "cannot start a thread");
	stream->ended = true;
	stream->thread = pthread_self();
	stream_close(stream);
	return NULL;
}

static bool await_filled(struct stream *stream)
{
	bool filled;

	pthread_mutex_lock(&stream->lock);
	if (stream->holds_slot) {
		stream->emptied++;
		stream->holds_slot = false;
		pthread_cond_broadcast(&stream->changed);
	}
	while (stream->filled == stream->emptied && !stream->ended)
		pthread_cond_wait(&stream->changed, &stream->lock);
	filled = stream->filled > stream->emptied;
	pthread_mutex_unlock(&stream->lock);
	return filled;
}

ssize_t stream_read(struct stream *stream, const void **bytes, struct ct_err *err)
{
	const struct chunk *chunk;

	if (import_check_signals(err) < 0)
		return -1;
	if (!await_filled(stream)) {
		if (!stream->failed)
			return 0;
		*err = stream->failure;
		return -1;
	}
	chunk = &stream->slots[stream->emptied % SLOTS];
	stream->holds_slot = true;
	stream->given += (int64_t)chunk->length;
	*bytes = chunk->bytes;
	if (stream->plan.copy_fd >= 0 && copies_content(stream) &&
	    sparse_write(stream->plan.copy_fd, chunk->bytes, chunk->length) < 0)
		return ct_fail_errno(err, "I003", "cannot write to the store");
	return (ssize_t)chunk->length;
}

int64_t stream_given(const struct stream *stream)
{
	return stream->given;
}

int64_t stream_taken(const struct stream *stream)
{
	return atomic_load_explicit(&stream->taken, memory_order_relaxed);
}

int stream_finish(struct stream *stream, struct stream_facts *facts, struct ct_err *err)
{
	const void *bytes;
	ssize_t got;

	do
		got = stream_read(stream, &bytes, err);
	while (got > 0);
	if (got < 0)
		return -1;
	if (stream->plan.copy_fd >= 0 && sparse_end(stream->plan.copy_fd) < 0)
		return ct_fail_errno(err, "I003", "cannot write to the store");
	*facts = stream->facts;
	if (!stream->decompressor)
		facts->content_bytes = facts->source_bytes;
	if (!stream->plan.hash)
		return 0;
	hash_finish(&stream->source_hash, facts->source_digest);
	if (stream->decompressor)
		hash_finish(&stream->content_hash, facts->content_digest);
	else
		strcpy(facts->content_digest, facts->source_digest);
	return 0;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	pthread_mutex_lock(&stream->lock);
	stream->unwanted = true;
	pthread_cond_broadcast(&stream->changed);
	pthread_mutex_unlock(&stream->lock);
	if (!pthread_equal(stream->thread, pthread_self()))
		pthread_join(stream->thread, NULL);
	pthread_cond_destroy(&stream->changed);
	pthread_mutex_destroy(&stream->lock);
	hash_finish(&stream->source_hash, NULL);
	hash_finish(&stream->content_hash, NULL);
	decompressor_free(stream->decompressor);
	free(stream->input);
	free(stream->slots);
	free(stream);
}
