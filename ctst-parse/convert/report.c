#include "ctst-parse/convert/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/utf8.h"
#include "ctst-parse/convert/secret_values.h"

#define SHOWN_NAME 100
#define SHOWN_REASON 1000

static const char *copy_shown(struct ct_arena *arena, const char *text, size_t most)
{
	ct_autobuf shown = CT_BUF_INIT;

	ct_autobuf plain = CT_BUF_INIT;

	if (!text)
		return NULL;
	append_without_marks(&plain, text);
	append_shown(&shown, plain.data, most);
	return ct_arena_take(arena, &shown);
}

__attribute__((format(printf, 5, 0))) static void add(struct report *report, enum finding_kind kind,
						      struct subject subject, struct cause cause, const char *format,
						      va_list arguments)
{
	struct finding *finding;
	char reason[SHOWN_REASON + 1];

	report->losses += kind == FINDING_LOSS;
	if (report->count == REPORT_MAX_FINDINGS)
		return;
	if ((report->count & (report->count + 1)) == 0)
		report->items = ct_realloc_array(report->items, 2 * report->count + 2, sizeof(*report->items));
	vsnprintf(reason, sizeof(reason), format, arguments);
	finding = &report->items[report->count++];
	*finding = (struct finding){ kind, subject, cause, copy_shown(report->arena, reason, SHOWN_REASON) };
	finding->subject.name = copy_shown(report->arena, subject.name, SHOWN_NAME);
	finding->cause.key = copy_shown(report->arena, cause.key, SHOWN_NAME);
	finding->cause.entry = copy_shown(report->arena, cause.entry, SHOWN_NAME);
}

void report_loss(struct report *report, struct subject subject, struct cause cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(report, FINDING_LOSS, subject, cause, format, arguments);
	va_end(arguments);
}

void report_note(struct report *report, struct subject subject, struct cause cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(report, FINDING_NOTE, subject, cause, format, arguments);
	va_end(arguments);
}

void report_warning(struct report *report, struct cause cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(report, FINDING_WARNING, (struct subject){ 0 }, cause, format, arguments);
	va_end(arguments);
}

/* The length of the character at the text's begin, and whether a terminal would act on it. */
static size_t step(const char *text, size_t left, bool *steers)
{
	uint32_t character;
	size_t length = ct_utf8_decode(text, left, &character);

	*steers = length == 0 || character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
		  character == 0x2029 || (character >= 0x202a && character <= 0x202e) ||
		  (character >= 0x2066 && character <= 0x2069);
	return length ? length : 1;
}

void append_shown(struct ct_buf *out, const char *text, size_t most)
{
	size_t left = strlen(text), begin = out->length;

	ct_buf_puts(out, "");
	while (left > 0) {
		bool steers;
		size_t length = step(text, left, &steers);

		if (out->length - begin + length > most) {
			ct_buf_puts(out, "...");
			return;
		}
		if (steers)
			ct_buf_putc(out, '?');
		else
			ct_buf_append(out, text, length);
		text += length;
		left -= length;
	}
}

static void write_line(struct ct_buf *out, const struct finding *finding)
{
	static const char *const labels[] = { "", "note: ", "warning: " };
	const struct cause *cause = &finding->cause;

	if (cause->place.file) {
		append_shown(out, cause->place.file->shown, 4096);
		ct_buf_printf(out, ":%u:%u: ", cause->place.line, cause->place.column);
	}
	ct_buf_puts(out, labels[finding->kind]);
	if (finding->subject.kind)
		ct_buf_printf(out, "%s '%s': ", finding->subject.kind, finding->subject.name);
	if (cause->key)
		ct_buf_printf(out, "'%s'%s", cause->key, cause->entry ? "" : " ");
	if (cause->key && cause->entry)
		ct_buf_printf(out, " entry '%s' ", cause->entry);
	if (finding->kind == FINDING_LOSS)
		ct_buf_puts(out, "is left out: ");
	else if (cause->key)
		out->data[out->length - 1] = ':', ct_buf_putc(out, ' ');
	ct_buf_printf(out, "%s\n", finding->reason);
}

void report_write_text(const struct report *report, bool quiet, struct ct_buf *out)
{
	size_t losses = report->losses;

	for (size_t i = 0; i < report->count; i++) {
		if (!quiet || report->items[i].kind == FINDING_LOSS)
			write_line(out, &report->items[i]);
	}
	if (report->count == REPORT_MAX_FINDINGS)
		ct_buf_printf(out, "only the first %d lines are shown\n", REPORT_MAX_FINDINGS);
	if (losses > 0)
		ct_buf_printf(out, "%zu key%s left out\n", losses, losses == 1 ? " was" : "s were");
}

static int write_object(struct ct_buf *out, const struct finding *finding)
{
	static const char *const severities[] = { "loss", "note", "warning" };
	struct ct_json_writer *writer = ct_json_writer_new(out, false);
	const struct cause *cause = &finding->cause;
	struct ct_err err = CT_ERR_INIT;
	int result;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "severity", severities[finding->kind]);
	if (finding->subject.kind)
		ct_json_member_string(writer, finding->subject.kind, finding->subject.name);
	ct_json_member_string(writer, "key", cause->key);
	ct_json_member_string(writer, "entry", cause->entry);
	ct_json_member_string(writer, "reason", finding->reason);
	if (cause->place.file) {
		ct_json_member_string(writer, "file", cause->place.file->shown);
		ct_json_member_int(writer, "line", cause->place.line);
		ct_json_member_int(writer, "column", cause->place.column);
	}
	ct_json_close_object(writer);
	result = ct_json_writer_finish(writer, &err);
	ct_buf_putc(out, '\n');
	return result;
}

void report_write_json(const struct report *report, bool quiet, struct ct_buf *out)
{
	for (size_t i = 0; i < report->count; i++) {
		if (!quiet || report->items[i].kind == FINDING_LOSS)
			write_object(out, &report->items[i]);
	}
}

void report_release(struct report *report)
{
	free(report->items);
	report->items = NULL;
	report->count = report->losses = 0;
}
