#include "ctst-spawn/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"

#define CHUNK 16384

static void append_entry(struct ct_buf *out, const char *prefix, size_t prefix_length, bool partial, const char *text,
			 size_t length)
{
	ct_buf_append(out, prefix, prefix_length);
	ct_buf_append(out, partial ? "P " : "F ", 2);
	ct_buf_append(out, text, length);
	ct_buf_putc(out, '\n');
}

static void write_entries(const struct log_stream *stream, const char *text, size_t length, int log)
{
	ct_autobuf out = CT_BUF_INIT;
	ct_autobuf prefix = CT_BUF_INIT;
	char time[CT_TIME_LENGTH + 1];

	ct_format_time(ct_now(), time);
	ct_buf_printf(&prefix, "%s %s ", time, stream->name);
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;

		append_entry(&out, prefix.data, prefix.length, !newline, text, line);
		line += newline ? 1 : 0;
		text += line;
		length -= line;
	}
	(void)ct_write_all(log, out.data, out.length);
}

bool log_copy(struct log_stream *stream, int log)
{
	char chunk[CHUNK];
	ssize_t got;

	if (stream->input < 0)
		return false;
	do
		got = read(stream->input, chunk, sizeof(chunk));
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		close(stream->input);
		stream->input = -1;
		return false;
	}
	write_entries(stream, chunk, (size_t)got, log);
	return true;
}

bool log_parse(const char *line, size_t length, struct log_entry *entry)
{
	const char *end = line + length;
	const char *stream = memchr(line, ' ', length);
	const char *tag;

	if (!stream || end - stream < 10)
		return false;
	tag = stream + 8; /* behind " stdout " */
	*entry = (struct log_entry){ .time = line, .time_length = (size_t)(stream - line) };
	entry->is_stderr = memcmp(stream, " stderr ", 8) == 0;
	if ((!entry->is_stderr && memcmp(stream, " stdout ", 8) != 0) || (tag[0] != 'F' && tag[0] != 'P') ||
	    tag[1] != ' ')
		return false;
	entry->partial = tag[0] == 'P';
	entry->text = tag + 2;
	entry->length = (size_t)(end - entry->text);
	return true;
}
