#include "ctst-spawn/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "ctst-spawn/log_rotate.h"

/*
 * Input is read into the upper half and becomes entries from the lower end on: one read is one write, unless its lines
 * are so short that their headers fill the gap. Pages that a quiet container does not need are never touched.
 */
#define CHUNK 32768
static char buffer[2 * CHUNK] __attribute__((aligned(4096)));

/* Entries of one stream that are about to be written: the first `length` bytes of the buffer. */
struct batch {
	struct log_stream *stream;
	char header[LOG_HEADER + 1];
	size_t length;
};

static void make_header(char header[LOG_HEADER + 1], bool is_stderr)
{
	ct_format_time(ct_now(), header);
	memcpy(header + CT_TIME_LENGTH, is_stderr ? " stderr F " : " stdout F ", LOG_HEADER - CT_TIME_LENGTH + 1);
}

int log_writer_open(struct log_writer *writer, int directory)
{
	struct stat file;

	*writer = (struct log_writer){
		.directory = directory, .file = -1, .limit = LOG_FILE_SIZE, .rotate_at = LOG_FILE_SIZE
	};
	writer->file = openat(directory, LOG_FILE, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (writer->file < 0 || fstat(writer->file, &file) < 0)
		return -1;
	writer->size = file.st_size;
	return 0;
}

/* All of it, or as much as the file takes. Returns the number of bytes. */
static size_t write_some(struct log_writer *writer, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t put = write(writer->file, bytes + done, length - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			writer->lost_because = put < 0 ? errno : ENOSPC;
			break;
		}
		done += (size_t)put;
	}
	return done;
}

/* The last bytes of the file. Its size is asked for: somebody may have emptied it meanwhile, for want of room. */
static int take_back(struct log_writer *writer, size_t length)
{
	struct stat file;

	if (fstat(writer->file, &file) < 0 || file.st_size < (off_t)length ||
	    ftruncate(writer->file, file.st_size - (off_t)length) < 0)
		return -1;
	writer->size = file.st_size - (off_t)length;
	return 0;
}

/* Whole entries only: what was written of one is taken back. Returns the bytes that are in the log now. */
static size_t append_to_file(struct log_writer *writer, const char *entries, size_t length)
{
	size_t done, whole;

	if (writer->torn && write_some(writer, "\n", 1) != 1)
		return 0;
	writer->torn = false;
	done = write_some(writer, entries, length);
	for (whole = done; whole > 0 && entries[whole - 1] != '\n';)
		whole--;
	writer->size += (off_t)done;
	/* A file with chattr(1)'s +a does not shrink. */
	writer->torn = whole < done && take_back(writer, done - whole) < 0;
	return whole;
}

/* The length of the first entry when it ends the line that is open in its stream, else 0. */
static size_t end_of_open_line(const struct log_writer *writer, const char *entries, size_t length)
{
	bool is_stderr = entries[CT_TIME_LENGTH + sizeof(" std") - 1] == 'e';
	const char *newline;

	if (!writer->inside[is_stderr] || entries[LOG_HEADER - 2] != 'F')
		return 0;
	newline = memchr(entries, '\n', length);
	return (size_t)(newline - entries) + 1;
}

/* The same, in the next file when this one is full. Lines are not torn apart for that: their beginnings are forgotten first. */
static size_t append(struct log_writer *writer, const char *entries, size_t length)
{
	size_t head = 0;

	if (writer->size > 0 && writer->size + (off_t)length > writer->rotate_at) {
		head = end_of_open_line(writer, entries, length);
		if (head > 0 && append_to_file(writer, entries, head) < head)
			return 0;
		log_rotate(writer);
	}
	return head + append_to_file(writer, entries + head, length - head);
}

/* An entry that ends the line of a stream: what comes next is not a part of it. */
static void close_line(struct log_writer *writer, bool is_stderr)
{
	char entry[LOG_HEADER + 2];

	if (!writer->inside[is_stderr])
		return;
	make_header(entry, is_stderr);
	entry[LOG_HEADER] = '\n';
	writer->inside[is_stderr] = append(writer, entry, LOG_HEADER + 1) == 0;
}

/* Says what is missing, in the log itself. false: it still cannot be written. */
static bool admit_loss(struct log_writer *writer)
{
	char entry[LOG_HEADER + 160];
	int length;

	if (writer->lost == 0)
		return true;
	/* The rest of their lines is lost. */
	close_line(writer, false);
	close_line(writer, true);
	make_header(entry, true);
	length = snprintf(entry + LOG_HEADER, sizeof(entry) - LOG_HEADER,
			  "containust: %" PRIu64 " bytes of output are missing here: cannot write the log: %.60s\n",
			  writer->lost, strerror(writer->lost_because));
	if (append(writer, entry, LOG_HEADER + (size_t)length) == 0)
		return false;
	writer->lost = 0;
	return true;
}

/* The bytes of output that these entries hold, newlines included. */
static uint64_t count_output(const char *entries, size_t length)
{
	uint64_t bytes = 0;

	while (length > 0) {
		const char *newline = memchr(entries, '\n', length);
		size_t line = newline ? (size_t)(newline - entries) + 1 : length;

		if (line > LOG_HEADER)
			bytes += line - LOG_HEADER - (entries[LOG_HEADER - 2] == 'P');
		entries += line;
		length -= line;
	}
	return bytes;
}

/* Whether the last of these entries is partial. */
static bool ends_inside(const char *entries, size_t length)
{
	const char *newline = memrchr(entries, '\n', length - 1);
	const char *last = newline ? newline + 1 : entries;

	return last[LOG_HEADER - 2] == 'P';
}

static void flush(struct log_writer *writer, struct batch *batch)
{
	size_t written = 0;

	if (batch->length == 0)
		return;
	if (admit_loss(writer)) {
		/* What the run before this one has left without its newline. */
		if (!batch->stream->begun)
			close_line(writer, batch->stream->is_stderr);
		written = append(writer, buffer, batch->length);
	}
	if (written > 0) {
		writer->inside[batch->stream->is_stderr] = ends_inside(buffer, written);
		batch->stream->begun = true;
	}
	writer->lost += count_output(buffer + written, batch->length - written);
	batch->length = 0;
}

/* One line, or as much of it as there is. Returns the end of what was taken. */
static const char *add_entry(struct log_writer *writer, struct batch *batch, const char *text, const char *end)
{
	size_t left = (size_t)(end - text);
	size_t most = left < LOG_LONGEST_TEXT ? left : LOG_LONGEST_TEXT;
	const char *newline = memchr(text, '\n', most < left ? most + 1 : most);
	size_t length = newline ? (size_t)(newline - text) : most;
	char *entry;

	if (buffer + batch->length + LOG_HEADER + length + 1 > text)
		flush(writer, batch);
	entry = buffer + batch->length;
	memcpy(entry, batch->header, LOG_HEADER);
	entry[LOG_HEADER - 2] = newline ? 'F' : 'P';
	memmove(entry + LOG_HEADER, text, length);
	entry[LOG_HEADER + length] = '\n';
	batch->length += LOG_HEADER + length + 1;
	return text + length + (newline ? 1 : 0);
}

bool log_copy(struct log_stream *stream, struct log_writer *writer)
{
	struct batch batch = { .stream = stream };
	const char *text = buffer + CHUNK, *end;
	ssize_t got;

	if (stream->input < 0)
		return false;
	do
		got = read(stream->input, buffer + CHUNK, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		close(stream->input);
		stream->input = -1;
		return false;
	}
	make_header(batch.header, stream->is_stderr);
	for (end = text + got; text < end;)
		text = add_entry(writer, &batch, text, end);
	flush(writer, &batch);
	return true;
}

void log_drain(struct log_stream *stream, struct log_writer *writer)
{
	int available = 0;

	if (stream->input >= 0 && ioctl(stream->input, FIONREAD, &available) < 0)
		available = 0;
	for (; available > 0 && log_copy(stream, writer); available -= CHUNK)
		;
}

void log_writer_give_back(void)
{
	(void)madvise(buffer, sizeof(buffer), MADV_DONTNEED);
}

bool log_writer_settle(struct log_writer *writer)
{
	return writer->file < 0 || admit_loss(writer);
}
