#include "ctst-spawn/event_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/event.h"

#define CHUNK 65536
#define LONGEST_LINE ((size_t)64 << 10)
#define NO_FILE \
	{ \
		.fd = -1 \
	}

void event_reader_open(struct event_reader *reader, const struct ct_project *project)
{
	*reader = (struct event_reader){
		.directory = ct_asprintf("%s/state", project->root),
		.previous = NO_FILE,
		.present = NO_FILE,
	};
}

static void close_file(struct event_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	ct_buf_free(&file->text);
	*file = (struct event_file)NO_FILE;
}

void event_reader_close(struct event_reader *reader)
{
	close_file(&reader->previous);
	close_file(&reader->present);
	free(reader->directory);
	reader->directory = NULL;
}

void event_record_release(struct event_record *record)
{
	ct_json_free(record->doc);
	*record = (struct event_record){ 0 };
}

static int open_named(const struct event_reader *reader, const char *name)
{
	ct_autofree char *path = ct_asprintf("%s/%s", reader->directory, name);
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? ct_take_fd(&fd) : -1;
}

/* An open descriptor keeps its inode's number from being given to another file. */
static bool is_same(int a, int b)
{
	struct stat first, second;

	return a >= 0 && b >= 0 && fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino &&
	       first.st_dev == second.st_dev;
}

/*
 * The file that comes after the present one, which has been read to its end: the one with the name, or the one in
 * between when there were two renames since the last look.
 */
static bool advance(struct event_reader *reader)
{
	ct_autoclose int named = open_named(reader, CT_EVENTS_FILE);
	ct_autoclose int old = open_named(reader, CT_EVENTS_OLD);
	bool unread = old >= 0 && !is_same(old, reader->present.fd) && !is_same(old, reader->previous.fd);
	int next;

	if (!unread && (named < 0 || is_same(named, reader->present.fd)))
		return false;
	/* The old one alone is new when the present one was removed by hand and has not come back. */
	if (unread && is_same(named, reader->present.fd))
		return false;
	next = unread ? ct_take_fd(&old) : ct_take_fd(&named);
	close_file(&reader->previous);
	reader->previous = reader->present;
	reader->present = (struct event_file){ .fd = next };
	return true;
}

/* false at the end of what has been written so far. */
static bool fill(struct event_file *file)
{
	ssize_t got;

	if (file->fd < 0)
		return false;
	if (file->position > 0) {
		file->text.length -= file->position;
		memmove(file->text.data, file->text.data + file->position, file->text.length);
		file->position = 0;
	}
	if (file->text.length > LONGEST_LINE) {
		file->skipping = true;
		ct_buf_clear(&file->text);
	}
	ct_buf_reserve(&file->text, CHUNK);
	do
		got = read(file->fd, file->text.data + file->text.length, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	file->text.length += (size_t)got;
	return true;
}

static bool parse_event(const char *line, size_t length, struct event_record *record)
{
	struct ct_err ignored = CT_ERR_INIT;
	const struct ct_json *root;
	const char *format, *time;

	if (length == 0 || length > LONGEST_LINE)
		return false;
	*record = (struct event_record){ .doc = ct_json_parse(line, length, "S001", &ignored) };
	if (!record->doc)
		return false;
	root = ct_json_root(record->doc);
	format = ct_json_get_string(root, "format");
	time = ct_json_get_string(root, "time");
	record->event = ct_json_get_string(root, "event");
	record->id = ct_json_get_string(root, "id");
	record->name = ct_json_get_string(root, "name");
	if (!record->name)
		record->name = "";
	if (format && strcmp(format, "ctst.event/1") == 0 && time && ct_parse_time(time, &record->time) == 0 &&
	    record->event && record->id)
		return true;
	event_record_release(record);
	return false;
}

/* A full disk cuts a line, and whoever writes next appends to what there is of it. */
static bool parse(const char *line, size_t length, struct event_record *record)
{
	static const char start[] = "{\"format\":\"ctst.event/";
	const size_t start_length = sizeof(start) - 1;

	if (parse_event(line, length, record))
		return true;
	for (size_t at = length; at > start_length; at--) {
		const char *begin = line + at - start_length;

		if (*begin == start[0] && memcmp(begin, start, start_length) == 0)
			return begin > line && parse_event(begin, length - (size_t)(begin - line), record);
	}
	return false;
}

static bool next_in(struct event_file *file, struct event_record *record)
{
	for (;;) {
		const char *begin = file->text.data + file->position;
		size_t left = file->text.length - file->position;
		const char *newline = left ? memchr(begin, '\n', left) : NULL;
		bool skipping = file->skipping;

		if (!newline) {
			if (!fill(file))
				return false;
			continue;
		}
		file->position += (size_t)(newline - begin) + 1;
		file->skipping = false;
		if (!skipping && parse(begin, (size_t)(newline - begin), record))
			return true;
	}
}

bool event_reader_next(struct event_reader *reader, struct event_record *record)
{
	do {
		if (next_in(&reader->previous, record) || next_in(&reader->present, record))
			return true;
		/* What was appended between that read and the rename. */
	} while (advance(reader));
	return false;
}
