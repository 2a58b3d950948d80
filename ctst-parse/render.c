#include "ctst-parse/render.h"

#include <stdio.h>
#include <string.h>

#include "common/json_text.h"
#include "common/utf8.h"

#define BYTES_BEFORE 160 /* of a long line, shown in front of the span */
#define BYTES_BEHIND 240 /* from the begin of the span on */

struct excerpt {
	uint32_t begin, end; /* bytes from the begin of the file */
	bool cut_before, cut_behind;
};

static bool ends_line(char byte)
{
	return byte == '\n' || byte == '\r';
}

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* What is shown of the span's line. A line may be as long as the file, so only the surroundings are looked at. */
static struct excerpt excerpt_around(const struct source *source, struct span span)
{
	uint32_t at = span.offset - source->base;
	struct excerpt excerpt = { .begin = at, .end = at };
	const char *bytes = source->bytes;

	while (excerpt.begin > 0 && !ends_line(bytes[excerpt.begin - 1]) && at - excerpt.begin < BYTES_BEFORE)
		excerpt.begin--;
	while (excerpt.begin < at && continues_character(bytes[excerpt.begin]))
		excerpt.begin++;
	while (excerpt.end < source->length && !ends_line(bytes[excerpt.end]) && excerpt.end - at < BYTES_BEHIND)
		excerpt.end++;
	while (excerpt.end > at && excerpt.end < source->length && continues_character(bytes[excerpt.end]))
		excerpt.end--;
	excerpt.cut_before = excerpt.begin > 0 && !ends_line(bytes[excerpt.begin - 1]);
	excerpt.cut_behind = excerpt.end < source->length && !ends_line(bytes[excerpt.end]);
	if (excerpt.begin == 0 && source->length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		excerpt.begin = excerpt.end < 3 ? excerpt.end : 3;
	return excerpt;
}

static void append_safe(struct ct_buf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		uint32_t character = 0;
		size_t step = ct_utf8_decode(text + i, length - i, &character);

		if (step == 0 || ct_utf8_is_unsafe(character))
			ct_buf_putc(out, '?');
		else
			ct_buf_append(out, text + i, step);
		i += step ? step : 1;
	}
}

/* The hidden span that covers the byte, or NULL. */
static const struct span *secret_at(const struct diagnostics *all, uint32_t offset)
{
	size_t low = 0, high = all->secret_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct span *span = &all->secrets[middle];

		if (offset < span->offset)
			high = middle;
		else if (offset >= span->offset + span->length)
			low = middle + 1;
		else
			return span;
	}
	return NULL;
}

static void append_carets(struct ct_buf *carets, bool inside, int columns)
{
	for (int i = 0; i < columns; i++)
		ct_buf_putc(carets, inside ? '^' : ' ');
}

/* One character of the source in both lines. Returns how many bytes it had. */
static uint32_t draw_character(struct ct_buf *line, struct ct_buf *carets, const char *text, size_t left, bool inside)
{
	uint32_t character = 0;
	size_t step = ct_utf8_decode(text, left, &character);

	if (step == 1 && character == '\t') {
		ct_buf_putc(line, '\t');
		ct_buf_putc(carets, '\t');
		return 1;
	}
	if (step == 0 || ct_utf8_is_unsafe(character)) {
		ct_buf_putc(line, '?');
		append_carets(carets, inside, 1);
		return step ? (uint32_t)step : 1;
	}
	ct_buf_append(line, text, step);
	append_carets(carets, inside, ct_utf8_width(character));
	return (uint32_t)step;
}

/* Nothing stands behind the last caret. An empty span, as at the end of the file, has one caret behind the line. */
static void finish_carets(struct ct_buf *carets)
{
	const char *last = carets->length ? memrchr(carets->data, '^', carets->length) : NULL;

	if (!last) {
		ct_buf_putc(carets, '^');
		return;
	}
	carets->length = (size_t)(last - carets->data) + 1;
	carets->data[carets->length] = '\0';
}

static void draw(const struct diagnostics *all, const struct diagnostic *diagnostic, struct ct_buf *line,
		 struct ct_buf *carets)
{
	struct span span = diagnostic->span;
	const struct source *source = sources_find(all->sources, span.offset);
	struct excerpt excerpt = excerpt_around(source, span);
	uint32_t at = excerpt.begin, begin = span.offset - source->base;

	if (excerpt.cut_before) {
		ct_buf_puts(line, "…");
		append_carets(carets, false, 1);
	}
	while (at < excerpt.end) {
		const struct span *secret = secret_at(all, source->base + at);
		bool inside = at >= begin && at < begin + span.length;

		if (secret) {
			ct_buf_puts(line, "\"***\"");
			append_carets(carets, inside, 5);
			at = secret->offset - source->base + secret->length;
			continue;
		}
		at += draw_character(line, carets, source->bytes + at, excerpt.end - at, inside);
	}
	if (excerpt.cut_behind)
		ct_buf_puts(line, "…");
	finish_carets(carets);
}

static const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warning";
}

struct paint {
	const char *label, *frame, *bold, *plain;
};

static struct paint paint_for(enum severity severity, bool colour)
{
	if (!colour)
		return (struct paint){ "", "", "", "" };
	return (struct paint){
		.label = severity == SEVERITY_ERROR ? "\033[1;31m" : "\033[1;35m",
		.frame = "\033[1;34m",
		.bold = "\033[1m",
		.plain = "\033[0m",
	};
}

void render_text(struct ct_buf *out, const struct diagnostics *all, const struct diagnostic *diagnostic, bool colour)
{
	const char *shown = sources_find(all->sources, diagnostic->span.offset)->shown;
	struct paint paint = paint_for(diagnostic->severity, colour);
	ct_autobuf line = CT_BUF_INIT;
	ct_autobuf carets = CT_BUF_INIT;
	char number[16];
	int width = snprintf(number, sizeof(number), "%u", diagnostic->span.line);

	ct_buf_printf(out, "%s%s", paint.label, severity_name(diagnostic->severity));
	if (diagnostic->code[0])
		ct_buf_printf(out, "[%s]", diagnostic->code);
	ct_buf_printf(out, "%s%s: ", paint.plain, paint.bold);
	append_safe(out, diagnostic->message, strlen(diagnostic->message));
	ct_buf_printf(out, "%s\n%*s %s-->%s ", paint.plain, width, "", paint.frame, paint.plain);
	append_safe(out, shown, strlen(shown));
	draw(all, diagnostic, &line, &carets);
	ct_buf_printf(out, ":%u:%u\n", diagnostic->span.line, diagnostic->span.column);
	ct_buf_printf(out, " %s%*s |%s\n", paint.frame, width, "", paint.plain);
	ct_buf_printf(out, " %s%s |%s %s\n", paint.frame, number, paint.plain, line.data ? line.data : "");
	ct_buf_printf(out, " %s%*s |%s %s%s", paint.frame, width, "", paint.plain, paint.label, carets.data);
	if (diagnostic->hint) {
		ct_buf_putc(out, ' ');
		append_safe(out, diagnostic->hint, strlen(diagnostic->hint));
	}
	ct_buf_printf(out, "%s\n", paint.plain);
}

static uint32_t characters_in(const struct source *source, struct span span)
{
	uint32_t count = 0;

	for (uint32_t i = span.offset - source->base, left = span.length; left > 0 && i < source->length; i++, left--)
		count += !continues_character(source->bytes[i]);
	return count;
}

static void json_safe_string(struct ct_buf *out, const char *text)
{
	ct_autobuf safe = CT_BUF_INIT;

	append_safe(&safe, text, strlen(text));
	ct_json_text_string(out, safe.length ? safe.data : "", safe.length);
}

void render_json(struct ct_buf *out, const struct diagnostics *all, const struct diagnostic *diagnostic)
{
	struct span span = diagnostic->span;
	const struct source *source = sources_find(all->sources, span.offset);
	ct_autobuf line = CT_BUF_INIT;
	ct_autobuf carets = CT_BUF_INIT;

	draw(all, diagnostic, &line, &carets);
	ct_buf_printf(out, "{\"severity\":\"%s\"", severity_name(diagnostic->severity));
	if (diagnostic->code[0])
		ct_buf_printf(out, ",\"code\":\"%s\"", diagnostic->code);
	ct_json_text_literal(out, ",\"message\":");
	json_safe_string(out, diagnostic->message);
	ct_json_text_literal(out, ",\"file\":");
	json_safe_string(out, source->shown);
	ct_buf_printf(out, ",\"line\":%u,\"column\":%u,\"end_column\":%u,\"source\":", span.line, span.column,
		      span.column + characters_in(source, span));
	ct_json_text_string(out, line.length ? line.data : "", line.length);
	if (diagnostic->hint) {
		ct_json_text_literal(out, ",\"hint\":");
		json_safe_string(out, diagnostic->hint);
	}
	ct_json_text_literal(out, "}\n");
}
