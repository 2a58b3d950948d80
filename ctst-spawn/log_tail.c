#include "ctst-spawn/log_tail.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

#define CHUNK 65536
#define BUDGET ((off_t)1 << 20)

bool log_range_has(const struct log_range *range, const struct log_entry *entry)
{
	return (!range->since[0] || memcmp(entry->time, range->since, CT_TIME_LENGTH) >= 0) &&
	       (!range->until[0] || memcmp(entry->time, range->until, CT_TIME_LENGTH) <= 0);
}

static bool take(struct log_tail *tail, size_t stream)
{
	tail->seen[stream] = true;
	tail->unfinished[stream] = true;
	tail->budget = BUDGET;
	memcpy(tail->skip, tail->passed, sizeof(tail->skip));
	return true;
}

bool log_tail_take(struct log_tail *tail, const struct log_range *range, const struct log_entry *entry)
{
	size_t stream = entry->is_stderr;
	/* The last entry of all may be partial: the line that is being written counts as one. */
	bool ends_line = !entry->partial || !tail->seen[stream];

	if (tail->lines > 0) {
		if (ends_line && log_range_has(range, entry))
			tail->lines--;
		return take(tail, stream);
	}
	if (tail->unfinished[stream] && entry->partial)
		return take(tail, stream);
	tail->unfinished[stream] = false;
	tail->passed[stream]++;
	return false;
}

bool log_tail_is_done(const struct log_tail *tail)
{
	return tail->lines == 0 && ((!tail->unfinished[0] && !tail->unfinished[1]) || tail->budget < 0);
}

/* The last newline before `end`; -1: there is none. */
static off_t find_newline(int file, off_t end)
{
	char chunk[4096];

	while (end > 0) {
		size_t size = end < (off_t)sizeof(chunk) ? (size_t)end : sizeof(chunk);
		const char *newline;

		if (pread(file, chunk, size, end - (off_t)size) != (ssize_t)size)
			return -1;
		newline = memrchr(chunk, '\n', size);
		end -= (off_t)size;
		if (newline)
			return end + (newline - chunk);
	}
	return -1;
}

off_t log_tail_end(int file)
{
	struct stat status;

	return fstat(file, &status) < 0 ? 0 : find_newline(file, status.st_size) + 1;
}

/* The entries that begin in [at, end) of the file; the headers of the last ones reach beyond it. */
struct part {
	const char *text; /* of the file from `at` on */
	size_t length;
	off_t at, end;
};

static bool offer(struct log_tail *tail, const struct log_range *range, const struct part *part, size_t place)
{
	const char *line = part->text + place;
	size_t left = part->length - place;
	const char *newline = memchr(line, '\n', left);
	struct log_entry entry;

	return log_parse(line, newline ? (size_t)(newline - line) : left, &entry) && log_tail_take(tail, range, &entry);
}

static void scan_part(struct log_tail *tail, const struct log_range *range, const struct part *part, off_t *begin)
{
	size_t size = (size_t)(part->end - part->at);

	/* A line begins behind each newline, and the first one where the file does. */
	while (size > 0 && !log_tail_is_done(tail)) {
		const char *newline = memrchr(part->text, '\n', size - 1);

		if (!newline && part->at > 0)
			return;
		size = newline ? (size_t)(newline - part->text) + 1 : 0;
		if (offer(tail, range, part, size))
			*begin = part->at + (off_t)size;
	}
}

void log_tail_scan(struct log_tail *tail, const struct log_range *range, int file, off_t *begin)
{
	char text[CHUNK + LOG_HEADER + 1];
	off_t end = log_tail_end(file), known_end = end;

	while (end > 0 && !log_tail_is_done(tail)) {
		struct part part = { .text = text, .at = end > CHUNK ? end - CHUNK : 0, .end = end };
		size_t size = (size_t)(end - part.at) + LOG_HEADER;
		ssize_t got;

		if ((off_t)size > known_end - part.at)
			size = (size_t)(known_end - part.at);
		got = pread(file, text, size, part.at);
		if (got != (ssize_t)size)
			return;
		part.length = size;
		scan_part(tail, range, &part, begin);
		tail->budget -= tail->lines == 0 ? end - part.at : 0;
		/* Whether a line begins at the first byte of this part is seen only together with the byte before it. */
		end = part.at > 0 ? part.at + 1 : 0;
	}
}
