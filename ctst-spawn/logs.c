/* ctst-logs: what containers have written, merged by time. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/log_moment.h"
#include "ctst-spawn/log_view.h"
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

/* However many logs are read at once, the memory for it is bounded. */
static size_t chunk_size(size_t count)
{
	size_t size = 65536;

	while (size > 4096 && size * count > (16 << 20))
		size /= 2;
	return size;
}

/* Whether the component was asked for, and not one container by its id. */
static bool stays(const char *name)
{
	bool named = name_count == 0;

	for (size_t i = 0; i < name_count; i++)
		named = named || strcmp(names[i], name) == 0;
	return follow && named;
}

static void open_logs(struct log_view *view, const struct ct_state_entry *const *entries)
{
	bool waits = false;

	for (size_t i = 0; i < view->count; i++) {
		const char *directory = entries[i]->directory;
		int length = (int)strlen(entries[i]->name);

		log_place_init(&view->places[i], entries[i], stays(entries[i]->name));
		waits = waits || view->places[i].stays;
		view->origins[i] = (struct log_origin){ .name = entries[i]->name, .index = i };
		/* Who writes is found out first: after its end nothing is added. */
		view->watched[i] = (struct log_watched){
			.directory = directory,
			.coming = starting && !log_view_is_there(directory),
		};
		view->watched[i].changed = !view->watched[i].coming;
		view->watched[i].supervisor = follow && !view->watched[i].coming ? log_view_open_writer(directory, true)
										 : -1;
		log_reader_init(&view->readers[i], directory, view->chunk);
		if (tail)
			log_reader_tail(&view->readers[i], tail_lines, &view->range);
		if (!follow)
			log_reader_stop_here(&view->readers[i]);
		if (length > view->printer.width)
			view->printer.width = length > 40 ? 40 : length;
	}
	if (!waits)
		view->succession.project = NULL;
}

static void read_range(struct log_view *view)
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
	struct log_view view = {
		.program = program.name,
		.readers = ct_alloc_array(count, sizeof(struct log_reader)),
		.origins = ct_alloc_array(count, sizeof(struct log_origin)),
		.watched = ct_alloc_array(count, sizeof(struct log_watched)),
		.places = ct_alloc_array(count, sizeof(struct log_place)),
		.count = count,
		.chunk = chunk_size(count),
		.succession = *succession,
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
	open_logs(&view, entries);
	log_watch_init(&watch, view.watched, count, starting ? STDIN_FILENO : -1,
		       view.succession.project ? state : NULL);
	status = log_view_show(&view, &watch, err);
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
