/* ctst-events: what has happened to the containers of a project. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/event.h"
#include "common/file.h"
#include "common/options.h"
#include "common/state.h"
#include "ctst-spawn/event_reader.h"
#include "ctst-spawn/event_watch.h"
#include "ctst-spawn/log_moment.h"
#include "ctst-spawn/log_text.h"

#define SHORTEST_PREFIX 8       /* of an id, as everywhere */
#define FLUSH_AT 65536          /* bytes */
#define TIME_TO_MILLISECONDS 23 /* 2006-01-02T15:04:05.000 */

static const char *file, *since, *until, *output;
static struct ct_option_list filters;
static bool follow;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'f', "follow", NULL, "go on, showing what happens when it happens", &follow },
	{ CT_OPTION_TEXT, 0, "since", "TIME",
	  "only what happened since TIME: 2026-01-02T03:04:05Z, or 90s, 10m, 2h, 1d ago", &since },
	{ CT_OPTION_TEXT, 0, "until", "TIME", "only what happened until TIME; with -f also when to end", &until },
	{ CT_OPTION_LIST, 0, "filter", "KEY=VALUE", "only these: name=CONTAINER or event=WORD; may be repeated",
	  &filters },
	{ CT_OPTION_TEXT, 'o', "output", "text|json", "lines for people or of JSON (default: json in a pipe)",
	  &output },
	{ CT_OPTION_TEXT, 0, "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-events",
	.synopsis = "[-f] [--since TIME] [--until TIME] [--filter KEY=VALUE]… [-o text|json] [--file FILE] [NAME…]",
	.summary = "show what has happened to containers",
	.options = options,
};

struct view {
	const char **names; /* of containers; owned, the texts are the command line's */
	bool *seen;         /* of each name: there was an event */
	size_t name_count;
	const char **events;
	size_t event_count;
	int64_t since, until; /* ns since the epoch; 0: no bound */
	bool json, colour;
	struct ct_buf out;
};

static bool is_event(const char *word)
{
	for (int kind = CT_EVENT_CREATED; kind <= CT_EVENT_REMOVED; kind++) {
		if (strcmp(ct_event_name((enum ct_event_kind)kind), word) == 0)
			return true;
	}
	return false;
}

static void add_filter(struct view *view, const char *filter)
{
	const char *equals = strchr(filter, '=');
	size_t length = equals ? (size_t)(equals - filter) : 0;

	if (length == 4 && strncmp(filter, "name", length) == 0 && equals[1]) {
		view->names[view->name_count++] = equals + 1;
	} else if (length == 5 && strncmp(filter, "event", length) == 0) {
		if (!is_event(equals + 1))
			ct_usage_error(
				&program,
				"unknown event '%s': it is created, started, restarted, healthy, unhealthy, died, "
				"stopped or removed",
				equals + 1);
		view->events[view->event_count++] = equals + 1;
	} else {
		ct_usage_error(&program, "unknown filter '%s': it is name=CONTAINER or event=WORD", filter);
	}
}

static int64_t moment(const char *text)
{
	int64_t time = 0;

	if (text && log_moment_parse(text, &time) < 0)
		ct_usage_error(&program, "'%s' is not a time", text);
	return time;
}

static bool is_named(const struct event_record *record, const char *word)
{
	size_t length = strlen(word);

	return strcmp(record->name, word) == 0 || (length >= SHORTEST_PREFIX && strncmp(record->id, word, length) == 0);
}

/* Of one key any value will do, of two keys both must hold. */
static bool is_wanted(struct view *view, const struct event_record *record)
{
	bool named = view->name_count == 0, happened = view->event_count == 0;

	for (size_t i = 0; i < view->name_count; i++) {
		if (is_named(record, view->names[i]))
			named = view->seen[i] = true;
	}
	for (size_t i = 0; i < view->event_count; i++)
		happened = happened || strcmp(record->event, view->events[i]) == 0;
	return named && happened && record->time >= view->since && (view->until == 0 || record->time <= view->until);
}

static const char *colour_of(const char *event)
{
	static const struct {
		const char *event, *start;
	} colours[] = {
		{ "started", "\033[32m" },   { "restarted", "\033[33m" }, { "healthy", "\033[32m" },
		{ "unhealthy", "\033[31m" }, { "died", "\033[31m" },
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
		if (strcmp(colours[i].event, event) == 0)
			return colours[i].start;
	}
	return "";
}

static void append_text(struct ct_buf *out, const char *text)
{
	log_text_append_visible(out, text, strlen(text));
}

static void append_padded(struct ct_buf *out, const char *text, size_t width)
{
	size_t begin = out->length;

	append_text(out, text);
	while (out->length - begin < width)
		ct_buf_putc(out, ' ');
}

static void append_details(struct ct_buf *out, const struct ct_json *root)
{
	const char *image = ct_json_get_string(root, "image");
	int64_t number;

	if (ct_json_get_int(root, "exit_code", &number))
		ct_buf_printf(out, "  exit code %" PRId64, number);
	if (ct_json_get_bool(root, "oom_killed", false))
		ct_buf_puts(out, "  out of memory");
	if (ct_json_get_int(root, "restarts", &number) && number > 0)
		ct_buf_printf(out, "  restarts %" PRId64, number);
	if (image) {
		ct_buf_puts(out, "  ");
		append_text(out, image);
	}
}

/* 2026-11-24T08:15:03.123Z  started    web               exit code 1 */
static void append_line(struct view *view, const struct event_record *record)
{
	struct ct_buf *out = &view->out;
	const char *start = view->colour ? colour_of(record->event) : "";
	char time[CT_TIME_LENGTH + 1];

	ct_format_time(record->time, time);
	ct_buf_printf(out, "%.*sZ  %s", TIME_TO_MILLISECONDS, time, start);
	append_padded(out, record->event, 9);
	ct_buf_printf(out, "%s  ", start[0] ? "\033[0m" : "");
	append_padded(out, record->name[0] ? record->name : record->id, 16);
	append_details(out, ct_json_root(record->doc));
	while (out->data[out->length - 1] == ' ')
		out->data[--out->length] = '\0';
}

static int append_json(struct view *view, const struct event_record *record, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(&view->out, false);

	ct_json_value(writer, ct_json_root(record->doc));
	return ct_json_writer_finish(writer, err);
}

static int flush(struct view *view, struct ct_err *err)
{
	int status = ct_write_all(STDOUT_FILENO, view->out.data, view->out.length);

	ct_buf_clear(&view->out);
	return status < 0 ? ct_fail_errno(err, CT_NO_CODE, "cannot write to standard output") : 0;
}

static int show(struct view *view, const struct event_record *record, struct ct_err *err)
{
	if (!is_wanted(view, record))
		return 0;
	if (!view->json)
		append_line(view, record);
	else if (append_json(view, record, err) < 0)
		return -1;
	ct_buf_putc(&view->out, '\n');
	return view->out.length >= FLUSH_AT ? flush(view, err) : 0;
}

static int show_available(struct view *view, struct event_reader *reader, struct ct_err *err)
{
	struct event_record record;

	while (event_reader_next(reader, &record)) {
		int status = show(view, &record, err);

		event_record_release(&record);
		if (status < 0)
			return -1;
	}
	return view->out.length ? flush(view, err) : 0;
}

static int follow_events(struct view *view, struct event_reader *reader, const struct ct_project *project,
			 struct ct_err *err)
{
	struct event_watch watch;
	enum event_wait wait = EVENT_WAIT_CHANGED;

	/* The watch before the first read: what is written in between is not missed. */
	if (event_watch_open(&watch, project, err) < 0)
		return -1;
	while (wait == EVENT_WAIT_CHANGED) {
		if (show_available(view, reader, err) < 0)
			wait = EVENT_WAIT_FAILED;
		else
			wait = event_watch_wait(&watch, view->until, err);
	}
	event_watch_close(&watch);
	if (wait == EVENT_WAIT_TIME)
		return show_available(view, reader, err);
	return wait == EVENT_WAIT_FAILED ? -1 : 0;
}

/* A container that has no events is one that does not exist, or one that was made before its events were lost. */
static int check_names(const struct view *view, const struct ct_project *project, struct ct_err *err)
{
	ct_autostate state = CT_STATE_INIT;
	bool loaded = false;

	for (size_t i = 0; i < view->name_count; i++) {
		if (view->seen[i])
			continue;
		if (!loaded && ct_state_load(project, &state, err) < 0)
			return -1;
		loaded = true;
		if (!ct_state_find(&state, view->names[i], err))
			return -1;
	}
	return 0;
}

static int run(struct view *view, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	struct event_reader reader;
	int status;

	if (ct_project_find(&project, file, err) < 0)
		return -1;
	event_reader_open(&reader, &project);
	if (follow)
		status = follow_events(view, &reader, &project, err);
	else if ((status = show_available(view, &reader, err)) == 0)
		status = check_names(view, &project, err);
	event_reader_close(&reader);
	return status;
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	struct view view = { 0 };
	int operand, most, status;

	ct_open_standard_descriptors();
	operand = ct_options_parse(&program, argc, argv);
	most = argc - operand + filters.count;
	view.names = ct_alloc_array((size_t)most, sizeof(*view.names));
	view.seen = ct_alloc_array((size_t)most, sizeof(*view.seen));
	view.events = ct_alloc_array((size_t)most, sizeof(*view.events));
	for (int i = 0; i < filters.count; i++)
		add_filter(&view, filters.items[i]);
	for (; operand < argc; operand++)
		view.names[view.name_count++] = argv[operand];
	view.since = moment(since);
	view.until = moment(until);
	view.json = ct_output_is_json(&program, output);
	view.colour = ct_colour(STDOUT_FILENO);
	status = run(&view, &err);
	ct_buf_free(&view.out);
	free(view.names);
	free(view.seen);
	free(view.events);
	return status < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
