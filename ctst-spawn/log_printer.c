#include "ctst-spawn/log_printer.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/json_text.h"
#include "common/options.h"
#include "ctst-spawn/log_text.h"

#define FLUSH_AT 65536

static const int descriptors[2] = { STDOUT_FILENO, STDERR_FILENO };

static bool are_same_file(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

void log_printer_init(struct log_printer *printer)
{
	for (size_t i = 0; i < 2; i++) {
		printer->visible[i] = printer->style == LOG_STYLE_TEXT && isatty(descriptors[i]);
		printer->colour[i] = ct_colour(descriptors[i]);
	}
	printer->same = are_same_file(STDOUT_FILENO, STDERR_FILENO);
	printer->descriptor = STDOUT_FILENO;
}

int log_printer_flush(struct log_printer *printer, struct ct_err *err)
{
	int status = ct_write_all(printer->descriptor, printer->out.data, printer->out.length);

	ct_buf_clear(&printer->out);
	return status < 0 ? ct_fail_errno(err, CT_NO_CODE, "cannot write to standard %s",
					  printer->descriptor == STDOUT_FILENO ? "output" : "error")
			  : 0;
}

/* What comes next is for this descriptor; what was for the other one is written first. */
static int choose(struct log_printer *printer, int descriptor, struct ct_err *err)
{
	int status = 0;

	if (printer->descriptor != descriptor || printer->out.length >= FLUSH_AT)
		status = log_printer_flush(printer, err);
	printer->descriptor = descriptor;
	return status;
}

static struct log_open_line *open_line(struct log_printer *printer, bool is_stderr)
{
	return &printer->open[printer->same ? 0 : is_stderr];
}

static void append_prefix(struct log_printer *printer, const struct log_origin *origin, bool colour)
{
	static const int colours[] = { 36, 33, 32, 35, 34, 31 };

	if (colour)
		ct_buf_printf(&printer->out, "\033[%dm%-*s |\033[0m ", colours[origin->index % 6], printer->width,
			      origin->name);
	else
		ct_buf_printf(&printer->out, "%-*s | ", printer->width, origin->name);
}

/* Whatever stands in front of the text; nothing when the text goes on where the last piece ended. */
static int begin_piece(struct log_printer *printer, const struct log_origin *origin, const struct log_entry *entry,
		       struct ct_err *err)
{
	struct log_open_line *line = open_line(printer, entry->is_stderr);
	bool goes_on = line->origin == origin && line->is_stderr == entry->is_stderr;

	if (line->origin && !goes_on) {
		if (choose(printer, descriptors[line->is_stderr], err) < 0)
			return -1;
		ct_buf_putc(&printer->out, '\n');
		line->origin = NULL;
	}
	if (choose(printer, descriptors[entry->is_stderr], err) < 0)
		return -1;
	if (!goes_on && printer->prefix)
		append_prefix(printer, origin, printer->colour[entry->is_stderr]);
	if (!goes_on && printer->timestamps)
		ct_buf_printf(&printer->out, "%.*s ", CT_TIME_LENGTH, entry->time);
	return 0;
}

static int show_text(struct log_printer *printer, struct log_origin *origin, const struct log_entry *entry,
		     const char *text, size_t length, struct ct_err *err)
{
	struct log_open_line *line = open_line(printer, entry->is_stderr);
	bool bare = !printer->prefix && !printer->timestamps;

	if (bare ? choose(printer, descriptors[entry->is_stderr], err) < 0
		 : begin_piece(printer, origin, entry, err) < 0)
		return -1;
	if (printer->visible[entry->is_stderr]) {
		/* A line of a file with "\r\n" is no attempt at anything. */
		if (!entry->partial && length > 0 && text[length - 1] == '\r')
			length--;
		log_text_append_visible(&printer->out, text, length);
	} else {
		ct_buf_append(&printer->out, text, length);
	}
	if (!entry->partial)
		ct_buf_putc(&printer->out, '\n');
	/* Without anything in front of lines the pieces are what they were for the program that wrote them. */
	if (!bare)
		*line = (struct log_open_line){ entry->partial ? origin : NULL, entry->is_stderr };
	return 0;
}

static int show_json(struct log_printer *printer, const struct log_origin *origin, const struct log_entry *entry,
		     const char *text, size_t length, struct ct_err *err)
{
	struct ct_buf *out = &printer->out;

	if (choose(printer, STDOUT_FILENO, err) < 0)
		return -1;
	ct_buf_printf(out, "{\"format\":\"ctst.log/1\",\"time\":\"%.*s\",\"name\":", CT_TIME_LENGTH, entry->time);
	ct_json_text_string(out, origin->name, strlen(origin->name));
	ct_buf_printf(out, ",\"stream\":\"%s\",%s", entry->is_stderr ? "stderr" : "stdout",
		      entry->partial ? "\"partial\":true," : "");
	log_text_append_json(out, text, length);
	ct_buf_puts(out, "}\n");
	return 0;
}

/* In the order in which they belong together: the rest of the last piece, and this one without a rest of its own. */
static void join(struct ct_buf *joined, struct log_rest *rest, const struct log_entry *entry)
{
	ct_buf_append(joined, rest->bytes, rest->length);
	ct_buf_append(joined, entry->text, entry->length);
	rest->length = entry->partial ? log_text_incomplete(joined->data, joined->length) : 0;
	joined->length -= rest->length;
	memcpy(rest->bytes, joined->data + joined->length, rest->length);
}

int log_printer_show(struct log_printer *printer, struct log_origin *origin, const struct log_entry *entry,
		     struct ct_err *err)
{
	struct log_rest *rest = &origin->rest[entry->is_stderr];
	bool whole_characters = printer->style == LOG_STYLE_JSON || printer->visible[entry->is_stderr];
	ct_autobuf joined = CT_BUF_INIT;
	const char *text = entry->text;
	size_t length = entry->length;

	if (whole_characters && (rest->length > 0 || entry->partial)) {
		join(&joined, rest, entry);
		text = joined.data;
		length = joined.length;
	}
	return printer->style == LOG_STYLE_JSON ? show_json(printer, origin, entry, text, length, err)
						: show_text(printer, origin, entry, text, length, err);
}

int log_printer_end(struct log_printer *printer, struct log_origin *origin, struct ct_err *err)
{
	char now[CT_TIME_LENGTH + 1];

	ct_format_time(ct_now(), now);
	for (size_t i = 0; i < 2; i++) {
		struct log_rest rest = origin->rest[i];
		struct log_entry entry = { .time = now, .is_stderr = i == 1, .partial = true };

		origin->rest[i].length = 0;
		if (rest.length == 0)
			continue;
		if (printer->style == LOG_STYLE_JSON
			    ? show_json(printer, origin, &entry, rest.bytes, rest.length, err) < 0
			    : show_text(printer, origin, &entry, rest.bytes, rest.length, err) < 0)
			return -1;
	}
	return 0;
}

int log_printer_finish(struct log_printer *printer, struct ct_err *err)
{
	int status = 0;

	for (size_t i = 0; i < 2 && status == 0; i++) {
		struct log_open_line *line = &printer->open[i];

		if (!line->origin)
			continue;
		status = choose(printer, descriptors[line->is_stderr], err);
		ct_buf_putc(&printer->out, '\n');
		line->origin = NULL;
	}
	if (status == 0)
		status = log_printer_flush(printer, err);
	ct_buf_free(&printer->out);
	return status;
}
