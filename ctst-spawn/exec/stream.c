#include "ctst-spawn/exec/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than a terminal holds: 64 KiB on the way (tty_buffer.c) and 4 KiB to be read. */
#define TERMINAL_HOLDS (STREAM_SIZE * 2)

/* A pipe that poll(2) finds writable takes PIPE_BUF bytes (pipe(7)). A file makes nobody wait. */
static size_t without_blocking(int fd)
{
	struct stat status;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && (flags & O_NONBLOCK))
		return STREAM_SIZE;
	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? STREAM_SIZE : PIPE_BUF;
}

void stream_init(struct stream *stream, int from, int to)
{
	stream->from = from;
	stream->to = to;
	stream->from_open = from >= 0;
	stream->to_open = to >= 0;
	stream->at_a_time = to >= 0 ? without_blocking(to) : 0;
	stream->most = SIZE_MAX;
	stream->start = stream->end = 0;
	stream->read_failure = stream->write_failure = 0;
}

static bool is_empty(const struct stream *stream)
{
	return stream->start == stream->end;
}

bool stream_is_over(const struct stream *stream)
{
	return !stream->to_open || (!stream->from_open && is_empty(stream));
}

void stream_close(struct stream *stream)
{
	stream->from_open = stream->to_open = false;
}

char stream_last_byte(const struct stream *stream)
{
	return stream->end > 0 ? stream->bytes[stream->end - 1] : '\n';
}

struct pollfd stream_watch(const struct stream *stream)
{
	if (stream_is_over(stream))
		return (struct pollfd){ .fd = -1 };
	if (is_empty(stream))
		return (struct pollfd){ .fd = stream->from, .events = POLLIN };
	return (struct pollfd){ .fd = stream->to, .events = POLLOUT };
}

void stream_add(struct stream *stream, const char *bytes, size_t length)
{
	memcpy(stream->bytes, bytes, length);
	stream->start = 0;
	stream->end = length;
}

static bool is_nothing_yet(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static bool has_an_end(const struct stream *stream)
{
	return stream->most != SIZE_MAX;
}

static void take(struct stream *stream)
{
	size_t size = stream->most < STREAM_SIZE ? stream->most : STREAM_SIZE;
	ssize_t got = size > 0 ? read(stream->from, stream->bytes, size) : 0;

	if (got < 0 && is_nothing_yet()) {
		if (has_an_end(stream))
			stream->from_open = false;
		return;
	}
	if (got <= 0) {
		/* A terminal that nobody has open any more ends in this way. */
		if (got < 0 && errno != EIO)
			stream->read_failure = errno;
		stream->from_open = false;
		return;
	}
	stream->start = 0;
	stream->end = (size_t)got;
	if (has_an_end(stream))
		stream->most -= (size_t)got;
}

static void give(struct stream *stream)
{
	size_t size = stream->end - stream->start;
	ssize_t written;

	if (size > stream->at_a_time)
		size = stream->at_a_time;
	written = write(stream->to, stream->bytes + stream->start, size);
	if (written > 0)
		stream->start += (size_t)written;
	if (written >= 0 || is_nothing_yet())
		return;
	/* A reader that has gone is nobody's failure. */
	if (errno != EPIPE && errno != EIO)
		stream->write_failure = errno;
	stream_close(stream);
}

void stream_move(struct stream *stream)
{
	if (is_empty(stream))
		take(stream);
	else
		give(stream);
	/* What was there when the end came does not have to be waited for. */
	if (has_an_end(stream) && stream->from_open && is_empty(stream))
		take(stream);
}

void stream_finish(struct stream *stream)
{
	int waiting = 0;

	if (!stream->from_open)
		return;
	stream->most = TERMINAL_HOLDS;
	if (ioctl(stream->from, FIONREAD, &waiting) == 0 && (size_t)waiting > stream->most)
		stream->most = (size_t)waiting;
	if (is_empty(stream))
		take(stream);
}
