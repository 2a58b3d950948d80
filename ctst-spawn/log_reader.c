#include "ctst-spawn/log_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/log_files.h"

#define LONGEST_LINE ((size_t)1 << 20) /* a writer's entries are far shorter; more is not its doing */

void log_reader_init(struct log_reader *reader, const char *directory, size_t chunk)
{
	*reader = (struct log_reader){
		.directory = directory, .chunk = chunk, .file = -1, .next = -1, .left = INT64_MAX
	};
}

/* false: no file for now. */
static bool use_file(struct log_reader *reader, int file)
{
	if (file < 0) {
		if (errno != ENOENT && errno != ESTALE && errno != ENOTDIR)
			reader->failure = errno;
		return false;
	}
	if (reader->file >= 0)
		close(reader->file);
	reader->file = file;
	reader->offset = 0;
	ct_buf_clear(&reader->text);
	reader->position = 0;
	reader->in_endless_line = false;
	return true;
}

static bool is_older(int file, const struct stat *than)
{
	struct stat status;

	return fstat(file, &status) == 0 &&
	       (status.st_mtim.tv_sec < than->st_mtim.tv_sec ||
		(status.st_mtim.tv_sec == than->st_mtim.tv_sec && status.st_mtim.tv_nsec < than->st_mtim.tv_nsec));
}

/*
 * Of a file that is no longer one of the log: the oldest that was not there before it. Usually that is any, for only the
 * oldest goes; but somebody may have removed the newest, which is still being written.
 */
static int find_later(const struct log_reader *reader)
{
	struct stat own;
	int file = log_files_oldest(reader->directory);

	while (file >= 0 && fstat(reader->file, &own) == 0 && is_older(file, &own)) {
		int next = log_files_after(reader->directory, file);
		int failure = errno;

		close(file);
		errno = failure;
		file = next;
	}
	return file;
}

/* Somebody has emptied the file, and what is written now stands at its beginning. */
static bool was_cut(const struct log_reader *reader)
{
	struct stat status;

	return fstat(reader->file, &status) == 0 && status.st_size < reader->offset;
}

/*
 * At the end of a file: true when there is more to read. Only when a later file exists is nothing written to this one
 * any more, so it is read once again after that was found out.
 */
static bool go_on(struct log_reader *reader)
{
	int next = reader->next;

	reader->next = -1;
	if (was_cut(reader)) {
		if (next >= 0)
			close(next);
		reader->offset = 0;
		reader->missed = true;
		return true;
	}
	if (next >= 0)
		return use_file(reader, next);
	reader->next = log_files_after(reader->directory, reader->file);
	if (reader->next < 0 && errno == ESTALE) {
		reader->next = find_later(reader);
		/* The next one or any later one: nobody can tell. */
		reader->missed = reader->next >= 0;
	}
	if (reader->next < 0 && errno != ENOENT && errno != ESTALE && errno != ENOTDIR)
		reader->failure = errno;
	return reader->next >= 0;
}

/* A line that does not fit into a chunk: a larger chunk, or, when it is too long for an entry, what comes behind it. */
static void make_room(struct log_reader *reader)
{
	if (reader->text.capacity < LONGEST_LINE) {
		ct_buf_reserve(&reader->text, reader->text.capacity);
		return;
	}
	reader->in_endless_line = true;
	reader->offset += (off_t)reader->text.length;
	ct_buf_clear(&reader->text);
}

/* false: neither an entry nor the end of a line that is none. */
static bool has_whole_line(struct log_reader *reader)
{
	const char *newline = reader->text.length ? memchr(reader->text.data, '\n', reader->text.length) : NULL;

	if (newline && reader->in_endless_line) {
		reader->position = (size_t)(newline - reader->text.data) + 1;
		reader->in_endless_line = false;
	}
	return newline != NULL;
}

/*
 * Reads on from the first line that is not whole; false at the end of what was written so far. That line is read again
 * from its beginning: a writer takes back what it could not write as a whole.
 */
static bool fill(struct log_reader *reader)
{
	if (reader->file < 0 && !use_file(reader, log_files_oldest(reader->directory)))
		return false;
	reader->offset += (off_t)reader->position;
	reader->position = 0;
	ct_buf_clear(&reader->text);
	ct_buf_reserve(&reader->text, reader->chunk - 1);
	for (;;) {
		size_t room = reader->text.capacity - 1;
		ssize_t got = pread(reader->file, reader->text.data, room, reader->offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			reader->failure = errno;
			return false;
		}
		reader->text.length = (size_t)got;
		if (has_whole_line(reader))
			return true;
		if ((size_t)got == room)
			make_room(reader);
		else if (!go_on(reader))
			break;
	}
	ct_buf_clear(&reader->text);
	return false;
}

bool log_reader_next(struct log_reader *reader)
{
	while (!reader->has_entry && !reader->failure && reader->left > 0) {
		size_t left = reader->text.length - reader->position;
		const char *begin = left ? reader->text.data + reader->position : NULL;
		const char *newline = left ? memchr(begin, '\n', left) : NULL;

		if (!newline) {
			if (!fill(reader))
				return false;
			continue;
		}
		reader->has_entry = log_parse(begin, (size_t)(newline - begin), &reader->entry);
		reader->position += (size_t)(newline - begin) + 1;
		if (reader->left != INT64_MAX)
			reader->left -= newline - begin + 1;
		if (reader->has_entry && reader->skip[reader->entry.is_stderr] > 0) {
			reader->skip[reader->entry.is_stderr]--;
			reader->has_entry = false;
		}
	}
	return reader->has_entry;
}

void log_reader_tail(struct log_reader *reader, uint64_t lines, const struct log_range *range)
{
	struct log_tail tail = { .lines = lines };
	ct_autoclose int file = log_files_newest(reader->directory);
	off_t begin;

	if (file < 0 || !use_file(reader, dup(file)))
		return;
	reader->offset = log_tail_end(file);
	for (;;) {
		int before;

		begin = -1;
		log_tail_scan(&tail, range, file, &begin);
		if (begin >= 0 && use_file(reader, dup(file)))
			reader->offset = begin;
		if (log_tail_is_done(&tail))
			break;
		before = log_files_before(reader->directory, file);
		if (before < 0)
			break;
		close(file);
		file = before;
	}
	memcpy(reader->skip, tail.skip, sizeof(reader->skip));
}

void log_reader_stop_here(struct log_reader *reader)
{
	int64_t size = 0;
	int file;

	if (reader->file < 0)
		(void)use_file(reader, log_files_oldest(reader->directory));
	file = reader->file < 0 ? -1 : dup(reader->file);
	while (file >= 0) {
		int next = log_files_after(reader->directory, file);

		/* Its end after the look for a next one: where there is one, this one does not grow any more. */
		size += log_tail_end(file);
		close(file);
		file = next;
	}
	reader->left = size - reader->offset;
}

void log_reader_close(struct log_reader *reader)
{
	if (reader->file >= 0)
		close(reader->file);
	if (reader->next >= 0)
		close(reader->next);
	ct_buf_free(&reader->text);
	reader->file = reader->next = -1;
	reader->position = 0;
	reader->has_entry = false;
}
