#include "ctst-spawn/log_view.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/status.h"

/* After so many entries, or pieces of one line, the others get their turn, however much one container writes. */
#define SHOWN_AT_ONCE 4096
#define PIECES_AT_ONCE 256

/* A message of our own comes between the lines. */
static int make_way(struct log_view *view, struct ct_err *err)
{
	return view->printer.same ? log_printer_finish(&view->printer, err) : log_printer_flush(&view->printer, err);
}

static int warn_of_gap(struct log_view *view, size_t index, struct ct_err *err)
{
	view->readers[index].missed = false;
	if (make_way(view, err) < 0)
		return -1;
	ct_warn(view->program,
		"the log of '%s' was rotated away or emptied while it was being read: lines may be missing here",
		view->origins[index].name);
	return 0;
}

/* Fetches the next entry of a container's log, if there is one. */
static int advance(struct log_view *view, size_t index, struct ct_err *err)
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

static int show_entry(struct log_view *view, struct log_reader *reader, struct ct_err *err)
{
	size_t index = (size_t)(reader - view->readers);

	reader->has_entry = false;
	if (!log_range_has(&view->range, &reader->entry) ||
	    memcmp(reader->entry.time, view->places[index].from, strlen(view->places[index].from)) < 0)
		return 0;
	return log_printer_show(&view->printer, &view->origins[index], &reader->entry, err);
}

/* Shows an entry, and behind it the other pieces of its line that are there: other containers can wait for that. */
static int show_line(struct log_view *view, struct log_reader *reader, struct ct_err *err)
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
static int show_available(struct log_view *view, bool *more, struct ct_err *err)
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
static int tell_failure(struct log_view *view, const struct log_watch *watch, size_t index, struct ct_err *err)
{
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	if ((watch->living == 0 && watch->starter < 0) || view->printer.style == LOG_STYLE_JSON ||
	    ct_status_read(view->watched[index].directory, &status, &ignored) < 0 || status.state != CT_FAILED ||
	    status.started_at == 0)
		return 0;
	if (make_way(view, err) < 0)
		return -1;
	ct_warn(view->program, "'%s' has ended with exit code %d%s; others go on", view->origins[index].name,
		status.exit_code, status.oom_killed ? ", out of memory" : "");
	return 0;
}

/* Of a container that has ended and whose log was shown to its end. */
static int close_ended(struct log_view *view, struct log_watch *watch, struct ct_err *err)
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

static bool is_over(const struct log_view *view)
{
	return view->until != 0 && ct_now() > view->until;
}

bool log_view_is_there(const char *directory)
{
	return access(directory, F_OK) == 0;
}

int log_view_open_writer(const char *directory, bool patient)
{
	static const struct timespec moment = { .tv_nsec = 2000000 };
	struct ct_status status;
	struct ct_err ignored = CT_ERR_INIT;

	for (int i = 0; i < 500; i++) {
		if (ct_status_read(directory, &status, &ignored) < 0 || status.state == CT_STOPPED ||
		    status.state == CT_FAILED)
			return -1;
		if (status.supervisor.pid != 0 || !status.alive || !patient)
			break;
		nanosleep(&moment, NULL);
	}
	return ct_process_open(&status.supervisor);
}

/* Of a place that is done: the next container there, or the same one when it runs again, or had not begun. */
static void open_successor(struct log_view *view, struct log_watch *watch, size_t index)
{
	struct log_place *place = &view->places[index];
	struct log_watched *watched = &view->watched[index];
	bool more;

	if (log_succession_replace(&view->succession, view->origins[index].name, place)) {
		log_reader_close(&view->readers[index]);
		log_reader_init(&view->readers[index], place->directory, view->chunk);
		watched->directory = place->directory;
		watched->supervisor = log_view_open_writer(watched->directory, false);
	} else {
		watched->supervisor = log_view_open_writer(watched->directory, false);
		more = log_reader_next(&view->readers[index]);
		if (watched->supervisor < 0 && !more)
			return;
		if (more)
			log_merge_add(&view->merge, &view->readers[index]);
		place->done = 0;
	}
	log_watch_add(watch, index);
}

/* Who has come meanwhile; when no more are started, the others will not come. */
static void open_coming(struct log_view *view, struct log_watch *watch)
{
	for (size_t i = 0; i < view->count; i++) {
		struct log_watched *watched = &view->watched[i];

		if (!watched->coming)
			continue;
		if (log_view_is_there(watched->directory)) {
			watched->supervisor = log_view_open_writer(watched->directory, false);
			log_watch_add(watch, i);
		} else if (watch->starter < 0) {
			watched->coming = false;
		}
	}
}

static void look_around(struct log_view *view, struct log_watch *watch)
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

static bool any_changed(const struct log_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		if (view->watched[i].changed)
			return true;
	}
	return false;
}

/* Whether all have ended and no other will come. The lock first: who gives it back has started what it replaces. */
static bool is_finished(struct log_view *view, struct log_watch *watch)
{
	bool may_come;

	if (watch->living > 0 || watch->starter >= 0)
		return false;
	may_come = log_succession_may_come(&view->succession);
	look_around(view, watch);
	return !may_come && watch->living == 0 && !any_changed(view);
}

int log_view_show(struct log_view *view, struct log_watch *watch, struct ct_err *err)
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
