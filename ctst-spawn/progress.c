#include "ctst-spawn/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/file.h"
#include "common/options.h"
#include "common/utf8.h"

#define PROGRAM "ctst-spawn"
#define SECOND INT64_C(1000000000)
#define PATIENCE (SECOND / 5) /* what is over before that is not worth a live line */
#define NAME_COLUMNS 32

#define YELLOW "\033[33m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"
#define UP "\033[%zuA\r"
#define CLEAR_BELOW "\033[J"
#define CLEAR_LINE "\033[K"

static bool can_move_cursor(void)
{
	const char *terminal = getenv("TERM");

	return terminal && terminal[0] && strcmp(terminal, "dumb") != 0;
}

void progress_init(struct progress *progress, bool live)
{
	if (ct_quiet())
		progress->mode = PROGRESS_NONE;
	else if (!isatty(STDERR_FILENO))
		progress->mode = PROGRESS_WAITS;
	else
		progress->mode = live && can_move_cursor() ? PROGRESS_LIVE : PROGRESS_LINES;
	progress->colour = ct_colour(STDERR_FILENO);
	progress->draw_at = progress->mode == PROGRESS_LIVE ? ct_monotonic() + PATIENCE : 0;
}

void progress_format_time(int64_t nanoseconds, char *text, size_t size)
{
	int64_t ms = nanoseconds / 1000000;

	if (ms < 1000)
		snprintf(text, size, "%d ms", (int)ms);
	else if (ms < 10000)
		snprintf(text, size, "%d.%d s", (int)(ms / 1000), (int)(ms / 100 % 10));
	else if (ms < 120000)
		snprintf(text, size, "%d s", (int)(ms / 1000));
	else
		snprintf(text, size, "%lld min %02d s", (long long)(ms / 60000), (int)(ms / 1000 % 60));
}

/* As many whole characters as fit into `columns`, none of which steers the terminal. Returns the columns used. */
static int append_text(struct ct_buf *out, const char *text, int columns)
{
	size_t left = strlen(text);
	int used = 0;

	while (left > 0) {
		uint32_t character = 0;
		size_t length = ct_utf8_decode(text, left, &character);
		bool safe = length > 0 && !ct_utf8_is_unsafe(character);
		int width = safe ? ct_utf8_width(character) : 1;

		if (used + width > columns)
			break;
		if (safe)
			ct_buf_append(out, text, length);
		else
			ct_buf_putc(out, '?');
		used += width;
		text += length ? length : 1;
		left -= length ? length : 1;
	}
	return used;
}

static void append_padded(struct ct_buf *out, const char *text, int columns)
{
	for (int used = append_text(out, text, columns); used < columns; used++)
		ct_buf_putc(out, ' ');
}

/* The screen of one that went away is not our problem. */
static void write_out(const struct ct_buf *out)
{
	if (out->length > 0)
		(void)ct_write_all(STDERR_FILENO, out->data, out->length);
}

static void append_clear(struct progress *progress, struct ct_buf *out)
{
	if (progress->lines > 0)
		ct_buf_printf(out, UP CLEAR_BELOW, progress->lines);
	progress->lines = 0;
}

void progress_clear(struct progress *progress)
{
	ct_autobuf out = CT_BUF_INIT;

	if (progress->lines == 0)
		return;
	append_clear(progress, &out);
	write_out(&out);
	/* It comes back with the next drawing. */
	progress->draw_at = ct_monotonic();
}

void progress_tell(struct progress *progress, const char *name, const char *what, bool wait)
{
	ct_autobuf out = CT_BUF_INIT;

	if (progress->mode == PROGRESS_NONE || (progress->mode == PROGRESS_WAITS && !wait))
		return;
	if (progress->mode == PROGRESS_WAITS) {
		ct_note(PROGRAM, "'%s' is %s", name, what);
		return;
	}
	if (progress->lines > 0)
		progress->draw_at = ct_monotonic();
	append_clear(progress, &out);
	(void)append_text(&out, name, 255);
	ct_buf_printf(&out, " %s\n", what);
	write_out(&out);
}

void progress_wait(struct progress *progress, const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (progress->mode != PROGRESS_WAITS && progress->mode != PROGRESS_LINES)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	ct_note(PROGRAM, "%s", text);
}

static void append_time(struct ct_buf *text, const struct progress_row *row)
{
	char passed[32], limit[32];

	if (row->since == 0)
		return;
	progress_format_time((ct_monotonic() - row->since) / SECOND * SECOND, passed, sizeof(passed));
	ct_buf_puts(text, row->since + SECOND > ct_monotonic() ? "0 s" : passed);
	if (row->deadline == 0)
		return;
	progress_format_time(row->deadline - row->since, limit, sizeof(limit));
	ct_buf_printf(text, " of %s", limit);
}

/* One line of at most `columns`, so that it never wraps. */
static void append_row(struct progress *progress, struct ct_buf *out, const struct progress_row *row, int name_columns,
		       int columns)
{
	ct_autobuf rest = CT_BUF_INIT;

	ct_buf_printf(&rest, "  %-10s", row->state);
	ct_buf_printf(&rest, " %-9s ", row->health);
	append_time(&rest, row);
	while (rest.length > 0 && rest.data[rest.length - 1] == ' ')
		rest.data[--rest.length] = '\0';
	if (name_columns >= columns)
		name_columns = columns;
	append_padded(out, row->name, name_columns);
	if (progress->colour)
		ct_buf_puts(out, YELLOW);
	(void)append_text(out, rest.data, columns - name_columns);
	if (progress->colour)
		ct_buf_puts(out, PLAIN);
	ct_buf_puts(out, CLEAR_LINE "\n");
	progress->lines++;
}

static void append_more(struct progress *progress, struct ct_buf *out, size_t count, int columns)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_printf(&text, "and %zu more", count);
	if (progress->colour)
		ct_buf_puts(out, DIM);
	(void)append_text(out, text.data, columns);
	if (progress->colour)
		ct_buf_puts(out, PLAIN);
	ct_buf_puts(out, CLEAR_LINE "\n");
	progress->lines++;
}

static int widest_name(const struct progress_row *rows, size_t count)
{
	size_t widest = 4;

	for (size_t i = 0; i < count; i++)
		widest = strlen(rows[i].name) > widest ? strlen(rows[i].name) : widest;
	return widest < NAME_COLUMNS ? (int)widest : NAME_COLUMNS;
}

/*
 * Everything in one write, over what stands there: no line is empty in between. A terminal that has become smaller
 * may have broken lines in two, so after that the old ones are left where they are.
 */
void progress_draw(struct progress *progress, const struct progress_row *rows, size_t count)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	ct_autobuf out = CT_BUF_INIT;
	size_t room, shown;
	int name_columns;

	if (progress->mode != PROGRESS_LIVE)
		return;
	progress->draw_at = ct_monotonic() + SECOND;
	(void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	if (size.ws_col == 0 || size.ws_row == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	if (progress->lines > 0 && size.ws_col >= progress->columns)
		ct_buf_printf(&out, UP, progress->lines);
	progress->lines = 0;
	progress->columns = size.ws_col;
	room = size.ws_row > 4 ? size.ws_row - 3U : 1;
	shown = count <= room ? count : room - 1;
	name_columns = widest_name(rows, shown);
	for (size_t i = 0; i < shown; i++)
		append_row(progress, &out, &rows[i], name_columns, size.ws_col - 1);
	if (shown < count)
		append_more(progress, &out, count - shown, size.ws_col - 1);
	ct_buf_puts(&out, CLEAR_BELOW);
	write_out(&out);
}
