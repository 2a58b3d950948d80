/* ctst-logs: what containers have written, merged by time. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "common/status.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/log_reader.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/select.h"

static const char *file, *tail, *since;
static bool follow, timestamps, prefixed;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'f', "follow", NULL, "go on until all of the containers have ended", &follow },
	{ CT_OPTION_FLAG, 't', "timestamps", NULL, "show when each line was written", &timestamps },
	{ CT_OPTION_TEXT, 0, "since", "TIME", "only lines since TIME: 2026-01-02T03:04:05Z, or 90s, 10m, 2h, 1d ago",
	  &since },
	{ CT_OPTION_TEXT, 0, "tail", "N", "only the last N lines of each container", &tail },
	{ CT_OPTION_FLAG, 0, "prefix", NULL, "show whose line it is (default for several containers)", &prefixed },
	{ CT_OPTION_TEXT, 0, "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-logs",
	.synopsis = "[-f] [-t] [--since TIME] [--tail N] [--prefix] [--file FILE] [NAME…]",
	.summary = "show what containers have written",
	.options = options,
};

struct source {
	const struct ct_state_entry *entry;
	struct log_reader reader;
	int supervisor;      /* pidfd; -1: has ended, nothing more will come */
	bool inside_line[2]; /* stdout, stderr: the last entry went without its newline */
};

struct view {
	struct source *sources;
	size_t count;
	int width; /* of the longest name */
	bool prefix;
	bool colour[2]; /* stdout, stderr */
	bool terminal[2];
	char since[CT_TIME_LENGTH + 1]; /* "" or a time as in the logs */
};

/* A terminal obeys what it is sent: a container's control characters are shown instead, as `^[`. */
static void append_text(struct ct_buf *out, const char *text, size_t length, bool terminal)
{
	if (!terminal) {
		ct_buf_append(out, text, length);
		return;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
			ct_buf_putc(out, '^');
			ct_buf_putc(out, (char)(byte ^ 0x40));
		} else if (byte == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] >= 0x80 &&
			   (unsigned char)text[i + 1] < 0xa0) {
			/* The C1 controls in UTF-8, which some terminals obey as well. */
			ct_buf_putc(out, '?');
			i++;
		} else {
			ct_buf_putc(out, text[i]);
		}
	}
}

static void append_prefix(const struct view *view, const struct source *source, struct ct_buf *out, bool colour)
{
	static const int colours[] = { 36, 33, 32, 35, 34, 31 };
	size_t index = (size_t)(source - view->sources);

	if (colour)
		ct_buf_printf(out, "\033[%dm%-*s |\033[0m ", colours[index % 6], view->width, source->entry->name);
	else
		ct_buf_printf(out, "%-*s | ", view->width, source->entry->name);
}

static int print_entry(const struct view *view, struct source *source, struct ct_err *err)
{
	const struct log_entry *entry = &source->reader.entry;
	bool *inside = &source->inside_line[entry->is_stderr];
	ct_autobuf out = CT_BUF_INIT;

	source->reader.has_entry = false;
	if (view->since[0] && strncmp(entry->time, view->since, entry->time_length) < 0)
		return 0;
	if (!*inside && view->prefix)
		append_prefix(view, source, &out, view->colour[entry->is_stderr]);
	if (!*inside && timestamps)
		ct_buf_printf(&out, "%.*s ", (int)entry->time_length, entry->time);
	append_text(&out, entry->text, entry->length, view->terminal[entry->is_stderr]);
	/* With several containers a line in pieces would mix with others' lines: each piece gets a line of its own. */
	*inside = entry->partial && !view->prefix;
	if (!*inside)
		ct_buf_putc(&out, '\n');
	if (ct_write_all(entry->is_stderr ? STDERR_FILENO : STDOUT_FILENO, out.data, out.length) < 0)
		return ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output");
	return 0;
}

static int compare_times(const struct log_entry *a, const struct log_entry *b)
{
	size_t shorter = a->time_length < b->time_length ? a->time_length : b->time_length;

	return strncmp(a->time, b->time, shorter);
}

/* Prints all that is there, the oldest entry of all containers first. */
static int print_available(const struct view *view, struct ct_err *err)
{
	for (;;) {
		struct source *oldest = NULL;

		for (size_t i = 0; i < view->count; i++) {
			struct source *source = &view->sources[i];

			if (source->reader.fd < 0)
				log_reader_open(&source->reader, source->entry->directory);
			if (log_reader_next(&source->reader) &&
			    (!oldest || compare_times(&source->reader.entry, &oldest->reader.entry) < 0))
				oldest = source;
		}
		if (!oldest)
			return 0;
		if (print_entry(view, oldest, err) < 0)
			return -1;
	}
}

static void drain(int inotify)
{
	char events[16384];

	while (inotify >= 0 && read(inotify, events, sizeof(events)) > 0)
		;
}

/*
 * Closing an inotify instance takes the kernel some ten milliseconds, so it is made only for containers that live
 * longer than a few of them. Until then the logs are simply read again.
 */
#define PATIENCE_ROUNDS 4
#define PATIENCE_MS 4

static int open_inotify(const struct view *view)
{
	int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	for (size_t i = 0; inotify >= 0 && i < view->count; i++) {
		if (view->sources[i].supervisor >= 0)
			(void)inotify_add_watch(inotify, view->sources[i].entry->directory,
						IN_MODIFY | IN_CREATE | IN_ONLYDIR);
	}
	return inotify;
}

static size_t watch_living(const struct view *view, struct pollfd *watches, int inotify)
{
	size_t living = 0;

	for (size_t i = 0; i < view->count; i++) {
		watches[i] = (struct pollfd){ .fd = view->sources[i].supervisor, .events = POLLIN };
		living += view->sources[i].supervisor >= 0;
	}
	watches[view->count] = (struct pollfd){ .fd = inotify, .events = POLLIN };
	return living;
}

static void forget_ended(struct view *view, const struct pollfd *watches)
{
	for (size_t i = 0; i < view->count; i++) {
		if (watches[i].fd >= 0 && watches[i].revents) {
			close(view->sources[i].supervisor);
			view->sources[i].supervisor = -1;
		}
	}
}

/* What is still to come: a change in a directory is new text, the end of a supervisor the end of its log. */
static int follow_logs(struct view *view, struct ct_err *err)
{
	struct pollfd *watches = ct_alloc_array(view->count + 1, sizeof(*watches));
	ct_autoclose int inotify = -1;
	int status = 0;

	for (int round = 0; status == 0 && watch_living(view, watches, inotify) > 0; round++) {
		if (poll(watches, view->count + 1, inotify < 0 ? PATIENCE_MS : -1) < 0 && errno != EINTR)
			status = ct_fail_errno(err, CT_NO_CODE, "cannot wait for the logs");
		/* The watches before the read that follows: what is written in between is not missed. */
		if (inotify < 0 && round >= PATIENCE_ROUNDS)
			inotify = open_inotify(view);
		drain(inotify);
		forget_ended(view, watches);
		if (status == 0)
			status = print_available(view, err);
	}
	free(watches);
	return status;
}

static int parse_since(char text[CT_TIME_LENGTH + 1])
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	int64_t time, amount;
	char *end;

	if (ct_parse_time(since, &time) == 0) {
		ct_format_time(time, text);
		return 0;
	}
	errno = 0;
	amount = strtoll(since, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end != since && end[0] == units[i].unit && end[1] == '\0' && amount >= 0 && amount < 10000000 &&
		    errno == 0) {
			ct_format_time(ct_now() - amount * units[i].seconds * INT64_C(1000000000), text);
			return 0;
		}
	}
	return -1;
}

/* A pidfd of the supervisor while there is more to come; -1 when the last word is in the log. */
static int open_writer(const struct ct_state_entry *entry)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	if (ct_status_read(entry->directory, &status, &ignored) < 0 || status.state == CT_STOPPED ||
	    status.state == CT_FAILED)
		return -1;
	return ct_process_open(&status.supervisor);
}

static void open_sources(struct view *view, const struct ct_state_entry *const *entries, uint64_t lines)
{
	for (size_t i = 0; i < view->count; i++) {
		struct source *source = &view->sources[i];
		int length = (int)strlen(entries[i]->name);

		*source = (struct source){ .entry = entries[i], .reader = { .fd = -1 }, .supervisor = -1 };
		if (length > view->width)
			view->width = length > 40 ? 40 : length;
		if (follow)
			source->supervisor = open_writer(entries[i]);
		log_reader_open(&source->reader, entries[i]->directory);
		if (tail)
			log_reader_tail(&source->reader, lines);
	}
}

static int show(const struct ct_state_entry *const *entries, size_t count, uint64_t lines, struct ct_err *err)
{
	struct view view = {
		.sources = ct_alloc_array(count, sizeof(struct source)),
		.count = count,
		.prefix = prefixed || count > 1,
		.colour = { ct_colour(STDOUT_FILENO), ct_colour(STDERR_FILENO) },
		.terminal = { isatty(STDOUT_FILENO), isatty(STDERR_FILENO) },
	};
	int status;

	if (since && parse_since(view.since) < 0)
		ct_usage_error(&program, "'%s' is not a time", since);
	open_sources(&view, entries, lines);
	status = print_available(&view, err);
	if (status == 0 && follow)
		status = follow_logs(&view, err);
	for (size_t i = 0; i < count; i++) {
		log_reader_close(&view.sources[i].reader);
		if (view.sources[i].supervisor >= 0)
			close(view.sources[i].supervisor);
	}
	free(view.sources);
	return status;
}

static int run(char **names, size_t name_count, uint64_t lines, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	const struct ct_state_entry **entries;
	size_t count;
	int status;

	if (ct_project_find(&project, file, err) < 0 || reconcile_if_free(&project, &state, err) < 0)
		return -1;
	entries = select_entries(&state, names, name_count, &count, err);
	if (!entries)
		return -1;
	status = show(entries, count, lines, err);
	free(entries);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	uint64_t lines = 0;
	char *end = NULL;
	int operand;

	ct_open_standard_descriptors();
	file_limit_raise();
	operand = ct_options_parse(&program, argc, argv);
	if (tail) {
		lines = strtoull(tail, &end, 10);
		if (tail[0] < '0' || tail[0] > '9' || *end != '\0')
			ct_usage_error(&program, "'%s' is not a number of lines", tail);
	}
	return run(argv + operand, (size_t)(argc - operand), lines, &err) < 0 ? ct_err_report(program.name, &err)
									      : CT_EXIT_OK;
}
