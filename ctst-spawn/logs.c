/* ctst-logs: what containers have written, merged by time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "common/status.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/log_merge.h"
#include "ctst-spawn/log_moment.h"
#include "ctst-spawn/log_printer.h"
#include "ctst-spawn/log_succession.h"
#include "ctst-spawn/log_watch.h"
#include "ctst-spawn/reconcile.h"
#include "ctst-spawn/select.h"

static const char *file, *tail, *since, *until, *output;
static bool follow, starting, timestamps, prefixed, unprefixed, raw;
static char **names; /* of containers */
static size_t name_count;
static uint64_t tail_lines;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'f', "follow", NULL, "go on until all of the containers have ended", &follow },
	{ CT_OPTION_FLAG, 0, "starting", NULL, "with -f: also those that are being started, until standard input ends",
	  &starting },
	{ CT_OPTION_FLAG, 't', "timestamps", NULL, "show when each line was written", &timestamps },
	{ CT_OPTION_TEXT, 0, "since", "TIME", "only lines since TIME: 2026-01-02T03:04:05Z, or 90s, 10m, 2h, 1d ago",
	  &since },
	{ CT_OPTION_TEXT, 0, "until", "TIME", "only lines until TIME", &until },
	{ CT_OPTION_TEXT, 0, "tail", "N", "only the last N lines of each container", &tail },
	{ CT_OPTION_FLAG, 0, "prefix", NULL, "show whose line it is (default for several)", &prefixed },
	{ CT_OPTION_FLAG, 0, "no-prefix", NULL, "do not show whose line it is", &unprefixed },
	{ CT_OPTION_FLAG, 0, "raw", NULL, "leave control characters as they are", &raw },
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "how to show it (default: text)", &output },
	{ CT_OPTION_TEXT, 0, "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-logs",
	.synopsis = "[-f [--starting]] [-t] [--since TIME] [--until TIME] [--tail N] [--prefix | --no-prefix] [--raw] "
		    "[-o text|json] "
		    "[--file FILE] [NAME…]",
	.summary = "show what containers have written",
	.options = options,
};

struct view {
	struct log_reader *readers; /* of each container, as all the arrays here */
	struct log_origin *origins;
	struct log_watched *watched;
	struct log_place *places;
	size_t count;
	size_t chunk; /* bytes that each reader reads at a time */
	struct log_merge merge;
	struct log_printer printer;
	struct log_range range;
	int64_t until; /* ct_now() time; 0: none */
	struct log_succession succession;
};

/* After so many entries, or pieces of one line, the others get their turn, however much one container writes. */
#define SHOWN_AT_ONCE 4096
#define PIECES_AT_ONCE 256

/* A message of our own comes between the lines. */
static int make_way(struct view *view, struct ct_err *err)
{
	return view->printer.same ? log_printer_finish(&view->printer, err) : log_printer_flush(&view->printer, err);
}

static int warn_of_gap(struct view *view, size_t index, struct ct_err *err)
{
	view->readers[index].missed = false;
	if (make_way(view, err) < 0)
		return -1;
	ct_warn(program.name,
		"the log of '%s' was rotated away or emptied while it was being read: lines may be missing here",
		view->origins[index].name);
	return 0;
}

/* Fetches the next entry of a container's log, if there is one. */
static int advance(struct view *view, size_t index, struct ct_err *err)
{
	struct log_reader *reader = &view->readers[index];
	bool has_entry = log_reader_next(reader);

	if (reader->missed && warn_of_gap(view, index, err) < 0)
		return -1;
	if (reader->failure) {
		errno = reader->failure;
		return ct_fail_errno(err, errno == EACCES ? "S003" : CT_NO_CODE, "cannot read the log of '%s'",
				     view->origins[index].name);
	}
	if (has_entry)
		log_merge_add(&view->merge, reader);
	return 0;
}

static int show_entry(struct view *view, struct log_reader *reader, struct ct_err *err)
{
	size_t index = (size_t)(reader - view->readers);

	reader->has_entry = false;
	if (!log_range_has(&view->range, &reader->entry) ||
	    memcmp(reader->entry.time, view->places[index].from, strlen(view->places[index].from)) < 0)
		return 0;
	return log_printer_show(&view->printer, &view->origins[index], &reader->entry, err);
}

/* Shows an entry, and behind it the other pieces of its line that are there: other containers can wait for that. */
static int show_line(struct view *view, struct log_reader *reader, struct ct_err *err)
{
	bool is_stderr = reader->entry.is_stderr, partial;
	int pieces = 0;

	do {
		partial = reader->entry.partial;
		if (show_entry(view, reader, err) < 0)
			return -1;
	} while (partial && ++pieces < PIECES_AT_ONCE && log_reader_next(reader) &&
		 reader->entry.is_stderr == is_stderr);
	return advance(view, (size_t)(reader - view->readers), err);
}

/* What is there now, the earliest first; *more: and there is more. */
static int show_available(struct view *view, bool *more, struct ct_err *err)
{
	struct log_reader *reader;

	for (size_t i = 0; i < view->count; i++) {
		bool changed = view->watched[i].changed;

		view->watched[i].changed = false;
		if (changed && !view->places[i].done && !view->readers[i].has_entry && advance(view, i, err) < 0)
			return -1;
	}
	for (int i = 0; i < SHOWN_AT_ONCE; i++) {
		reader = log_merge_take(&view->merge);
		if (!reader)
			break;
		if (show_line(view, reader, err) < 0)
			return -1;
	}
	*more = view->merge.count > 0;
	return log_printer_flush(&view->printer, err);
}

/* The others' lines would hide that it is missing. What could not be started at all, its ctst-spawn has told. */
static int tell_failure(struct view *view, const struct log_watch *watch, size_t index, struct ct_err *err)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	if ((watch->living == 0 && watch->starter < 0) || view->printer.style == LOG_STYLE_JSON ||
	    ct_status_read(view->watched[index].directory, &status, &ignored) < 0 || status.state != CT_FAILED ||
	    status.started_at == 0)
		return 0;
	if (make_way(view, err) < 0)
		return -1;
	ct_warn(program.name, "'%s' has ended with exit code %d%s; others go on", view->origins[index].name,
		status.exit_code, status.oom_killed ? ", out of memory" : "");
	return 0;
}

/* Of a container that has ended and whose log was shown to its end. */
static int close_ended(struct view *view, struct log_watch *watch, struct ct_err *err)
{
	for (size_t i = 0; i < view->count; i++) {
		struct log_reader *reader = &view->readers[i];

		if (view->watched[i].supervisor >= 0 || view->watched[i].changed || view->watched[i].coming ||
		    reader->has_entry || view->places[i].done)
			continue;
		if (log_printer_end(&view->printer, &view->origins[i], err) < 0 ||
		    tell_failure(view, watch, i, err) < 0)
			return -1;
		view->places[i].done = ct_now();
		/* It may be started again, and then its log goes on where it was read to. */
		if (view->places[i].stays)
			watch->look = true;
		else
			log_reader_close(reader);
	}
	return 0;
}

static bool is_over(const struct view *view)
{
	return view->until != 0 && ct_now() > view->until;
}

/* A pidfd of the supervisor while there is more to come; -1 when the last word is in the log. */
static int open_writer(const char *directory)
{
	static const struct timespec moment = { .tv_nsec = 2000000 };
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	for (int i = 0; i < 500; i++) {
		if (ct_status_read(directory, &status, &ignored) < 0 || status.state == CT_STOPPED ||
		    status.state == CT_FAILED)
			return -1;
		/* One that is just starting has not written down who it is. */
		if (status.supervisor.pid != 0 || !status.alive)
			break;
		nanosleep(&moment, NULL);
	}
	return ct_process_open(&status.supervisor);
}

/* However many logs are read at once, the memory for it is bounded. */
static size_t chunk_size(size_t count)
{
	size_t size = 65536;

	while (size > 4096 && size * count > (16 << 20))
		size /= 2;
	return size;
}

static bool is_there(const char *directory)
{
	return access(directory, F_OK) == 0;
}

/* Whether the component was asked for, and not one container by its id. */
static bool stays(const char *name)
{
	bool named = name_count == 0;

	for (size_t i = 0; i < name_count; i++)
		named = named || strcmp(names[i], name) == 0;
	return follow && named;
}

static void open_logs(struct view *view, const struct ct_state_entry *const *entries)
{
	for (size_t i = 0; i < view->count; i++) {
		const char *directory = entries[i]->directory;
		int length = (int)strlen(entries[i]->name);

		log_place_init(&view->places[i], entries[i], stays(entries[i]->name));
		view->origins[i] = (struct log_origin){ .name = entries[i]->name, .index = i };
		/* Who writes is found out first: after its end nothing is added. */
		view->watched[i] = (struct log_watched){
			.directory = directory,
			.coming = starting && !is_there(directory),
		};
		view->watched[i].changed = !view->watched[i].coming;
		view->watched[i].supervisor = follow && !view->watched[i].coming ? open_writer(directory) : -1;
		log_reader_init(&view->readers[i], directory, view->chunk);
		if (tail)
			log_reader_tail(&view->readers[i], tail_lines, &view->range);
		if (!follow)
			log_reader_stop_here(&view->readers[i]);
		if (length > view->printer.width)
			view->printer.width = length > 40 ? 40 : length;
	}
}

/* Of a place that is done: the next container there, or the same one when it runs again. */
static void open_successor(struct view *view, struct log_watch *watch, size_t index)
{
	struct log_place *place = &view->places[index];
	struct log_watched *watched = &view->watched[index];

	if (log_succession_replace(&view->succession, view->origins[index].name, place)) {
		log_reader_close(&view->readers[index]);
		log_reader_init(&view->readers[index], place->directory, view->chunk);
		watched->directory = place->directory;
		watched->supervisor = open_writer(watched->directory);
	} else {
		watched->supervisor = open_writer(watched->directory);
		if (watched->supervisor < 0)
			return;
		place->done = 0;
	}
	log_watch_add(watch, index);
}

/* Who has come meanwhile; when no more are started, the others will not come. */
static void open_coming(struct view *view, struct log_watch *watch)
{
	for (size_t i = 0; i < view->count; i++) {
		struct log_watched *watched = &view->watched[i];

		if (!watched->coming)
			continue;
		if (is_there(watched->directory)) {
			watched->supervisor = open_writer(watched->directory);
			log_watch_add(watch, i);
		} else if (watch->starter < 0) {
			watched->coming = false;
		}
	}
}

static void look_around(struct view *view, struct log_watch *watch)
{
	watch->look = false;
	open_coming(view, watch);
	if (!view->succession.project)
		return;
	log_succession_look(&view->succession);
	for (size_t i = 0; i < view->count; i++) {
		if (view->places[i].done && view->places[i].stays)
			open_successor(view, watch, i);
	}
}

static bool any_changed(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		if (view->watched[i].changed)
			return true;
	}
	return false;
}

/* Whether all have ended and no other will come. The lock first: who gives it back has started what it replaces. */
static bool is_finished(struct view *view, struct log_watch *watch)
{
	bool may_come;

	if (watch->living > 0 || watch->starter >= 0)
		return false;
	may_come = log_succession_may_come(&view->succession);
	look_around(view, watch);
	return !may_come && watch->living == 0 && !any_changed(view);
}

static int show_all(struct view *view, struct log_watch *watch, struct ct_err *err)
{
	bool over = false, more;

	for (;;) {
		if (watch->look)
			look_around(view, watch);
		if (show_available(view, &more, err) < 0)
			return -1;
		if (!more && close_ended(view, watch, err) < 0)
			return -1;
		if (!more && (over || is_finished(view, watch)))
			return log_printer_finish(&view->printer, err);
		/* What was written before the end of that time is read once more after it. */
		over = is_over(view);
		more = more || watch->look || any_changed(view);
		if ((watch->living > 0 || watch->starter >= 0 || !more) &&
		    log_watch_wait(watch, more || over ? 1 : view->until, err) < 0)
			return -1;
	}
}

static void read_range(struct view *view)
{
	int64_t from;

	if (since && log_moment_parse(since, &from) < 0)
		ct_usage_error(&program, "'%s' is not a time", since);
	if (until && log_moment_parse(until, &view->until) < 0)
		ct_usage_error(&program, "'%s' is not a time", until);
	if (since)
		ct_format_time(from, view->range.since);
	if (until)
		ct_format_time(view->until, view->range.until);
}

static int show(const struct log_succession *succession, const struct ct_state_entry *const *entries, size_t count,
		struct ct_err *err)
{
	ct_autofree char *state = ct_asprintf("%s/state", succession->project->root);
	struct view view = {
		.readers = ct_alloc_array(count, sizeof(struct log_reader)),
		.origins = ct_alloc_array(count, sizeof(struct log_origin)),
		.watched = ct_alloc_array(count, sizeof(struct log_watched)),
		.places = ct_alloc_array(count, sizeof(struct log_place)),
		.count = count,
		.chunk = chunk_size(count),
		.printer = { .style = ct_output_is_json(&program, output ? output : "text") ? LOG_STYLE_JSON
				      : raw                                                 ? LOG_STYLE_RAW
											    : LOG_STYLE_TEXT,
			     .prefix = prefixed || (count > 1 && !unprefixed),
			     .timestamps = timestamps },
	};
	struct log_watch watch;
	int status;

	read_range(&view);
	log_printer_init(&view.printer);
	log_merge_init(&view.merge, count);
	if (follow)
		view.succession = *succession;
	open_logs(&view, entries);
	log_watch_init(&watch, view.watched, count, starting ? STDIN_FILENO : -1, follow ? state : NULL);
	status = show_all(&view, &watch, err);
	log_watch_release(&watch);
	log_merge_release(&view.merge);
	log_succession_release(&view.succession);
	for (size_t i = 0; i < count; i++) {
		log_reader_close(&view.readers[i]);
		log_place_release(&view.places[i]);
	}
	free(view.places);
	free(view.readers);
	free(view.origins);
	free(view.watched);
	return status;
}

static int run(struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	struct log_succession succession;
	const struct ct_state_entry **entries;
	size_t count;
	int status;

	if (ct_project_find(&project, file, err) < 0)
		return -1;
	log_succession_init(&succession, &project);
	/* Who starts them holds the lock, so there is nothing that could be cleared up. */
	if ((starting ? ct_state_load_planned(&project, &state, err) : reconcile_if_free(&project, &state, err)) < 0)
		return -1;
	entries = select_entries(&state, names, name_count, &count, err);
	if (!entries)
		return -1;
	status = show(&succession, entries, count, err);
	free(entries);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	char *end = NULL;
	int operand;

	ct_open_standard_descriptors();
	file_limit_raise();
	operand = ct_options_parse(&program, argc, argv);
	if (tail) {
		tail_lines = strtoull(tail, &end, 10);
		if (tail[0] < '0' || tail[0] > '9' || *end != '\0')
			ct_usage_error(&program, "'%s' is not a number of lines", tail);
	}
	if (starting && !follow)
		ct_usage_error(&program, "--starting goes with -f");
	if (prefixed && unprefixed)
		ct_usage_error(&program, "--prefix and --no-prefix exclude each other");
	names = argv + operand;
	name_count = (size_t)(argc - operand);
	return run(&err) < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
