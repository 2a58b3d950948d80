#include "ctst-spawn/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536
#define LONGEST_LINE ((size_t)1 << 20) /* a supervisor writes at most 16 KiB an entry; more is not its doing */

void log_reader_open(struct log_reader *reader, const char *directory)
{
	char *path = ct_asprintf("%s/" LOG_FILE, directory);

	reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	free(path);
}

/* Reads on; false at the end of what has been written so far. */
static bool fill(struct log_reader *reader)
{
	ssize_t got;

	if (reader->fd < 0)
		return false;
	if (reader->position > 0) {
		reader->text.length -= reader->position;
		memmove(reader->text.data, reader->text.data + reader->position, reader->text.length);
		reader->position = 0;
	}
	if (reader->text.length > LONGEST_LINE)
		ct_buf_clear(&reader->text);
	ct_buf_reserve(&reader->text, CHUNK);
	do
		got = read(reader->fd, reader->text.data + reader->text.length, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	reader->text.length += (size_t)got;
	return true;
}

bool log_reader_next(struct log_reader *reader)
{
	while (!reader->has_entry) {
		const char *begin = reader->text.data + reader->position;
		size_t left = reader->text.length - reader->position;
		const char *newline = left ? memchr(begin, '\n', left) : NULL;

		if (!newline) {
			if (!fill(reader))
				return false;
			continue;
		}
		reader->has_entry = log_parse(begin, (size_t)(newline - begin), &reader->entry);
		reader->position += (size_t)(newline - begin) + 1;
	}
	return true;
}

/* Backwards in chunks, counting the newlines: what lies before is not read. */
void log_reader_tail(struct log_reader *reader, uint64_t lines)
{
	char chunk[CHUNK];
	off_t end = reader->fd < 0 ? 0 : lseek(reader->fd, 0, SEEK_END);
	off_t at = end;
	uint64_t seen = 0;

	while (at > 0) {
		size_t size = at < CHUNK ? (size_t)at : CHUNK;
		ssize_t got = pread(reader->fd, chunk, size, at - (off_t)size);

		if (got != (ssize_t)size)
			break;
		for (size_t i = size; i > 0; i--) {
			if (chunk[i - 1] == '\n' && at - (off_t)(size - i) < end && ++seen == lines) {
				lseek(reader->fd, at - (off_t)(size - i), SEEK_SET);
				return;
			}
		}
		at -= (off_t)size;
	}
	if (end > 0)
		lseek(reader->fd, lines ? 0 : end, SEEK_SET);
}

void log_reader_close(struct log_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	ct_buf_free(&reader->text);
	*reader = (struct log_reader){ .fd = -1 };
}
