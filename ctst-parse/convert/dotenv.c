#include "ctst-parse/convert/dotenv.h"

#include <ctype.h>
#include <string.h>

#include "common/utf8.h"
#include "ctst-parse/convert/interpolate.h"

struct reading {
	const char *at, *end;
	unsigned line;
	const struct variables *outside;
	bool keep_unset;
	struct ct_arena *arena;
	struct variables *out;
	struct ct_err *err;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static void skip_blanks(struct reading *in)
{
	while (in->at < in->end && is_blank(*in->at))
		in->at++;
}

/* To the next line that says something. False at the end. */
static bool next_statement(struct reading *in)
{
	while (in->at < in->end) {
		if (*in->at == '#') {
			while (in->at < in->end && *in->at != '\n')
				in->at++;
		} else if (*in->at == '\n') {
			in->line++;
			in->at++;
		} else if (is_blank(*in->at)) {
			in->at++;
		} else {
			return true;
		}
	}
	return false;
}

static int fail(const struct reading *in, const char *message)
{
	return ct_fail(in->err, "E001", "line %u: %s", in->line, message);
}

static void skip_export(struct reading *in)
{
	if (in->end - in->at > 6 && memcmp(in->at, "export", 6) == 0 && is_blank(in->at[6])) {
		in->at += 6;
		skip_blanks(in);
	}
}

static bool is_name_byte(char byte)
{
	return (unsigned char)byte >= 0x80 || isalnum((unsigned char)byte) || strchr("_.-[]", byte);
}

/* The name, and what ended it: '=' or ':', or '\n' when the line is only a name. -1: E001. */
static int read_name(struct reading *in, const char **name, char *ended_by)
{
	const char *begin = in->at, *last = in->at;

	*ended_by = '\n';
	for (; in->at < in->end && *in->at != '\n'; in->at++) {
		if (*in->at == '=' || *in->at == ':') {
			*ended_by = *in->at;
			break;
		}
		if (is_blank(*in->at))
			continue;
		if (!is_name_byte(*in->at))
			return fail(in, "a name has letters, digits, '_', '.' and '-'");
		if (last < in->at && is_blank(in->at[-1]))
			return fail(in, "there is a space in the name");
		last = in->at + 1;
	}
	*name = ct_arena_copy(in->arena, begin, (size_t)(last - begin));
	if (*ended_by != '\n')
		in->at++;
	return 0;
}

/* The value of a \ sequence inside double quotes; *used is what it takes. Others stay as they are. */
static void put_escape(struct ct_buf *out, const char *at, size_t left, size_t *used)
{
	static const char letters[] = "abfnrtv\"\\", bytes[] = "\a\b\f\n\r\t\v\"\\";
	const char *known = left > 1 && at[1] ? strchr(letters, at[1]) : NULL;

	*used = 2;
	if (left > 1 && at[1] == '$') {
		/* $$ is a $ to the interpolation that follows. */
		ct_buf_puts(out, "$$");
	} else if (known) {
		ct_buf_putc(out, bytes[known - letters]);
	} else if (left > 4 && at[1] == '0' && at[2] >= '0' && at[2] <= '3' && at[3] >= '0' && at[3] <= '7' &&
		   at[4] >= '0' && at[4] <= '7') {
		unsigned value = (unsigned)(at[2] - '0') * 64 + (unsigned)(at[3] - '0') * 8 + (unsigned)(at[4] - '0');

		/* A character, not a byte. */
		if (value >= 0x80)
			ct_buf_putc(out, (char)(0xc0 | value >> 6));
		ct_buf_putc(out, (char)(value < 0x80 ? value : (0x80 | (value & 0x3f))));
		*used = 5;
	} else {
		*used = 1;
		ct_buf_putc(out, '\\');
	}
}

static void resolve_escapes(struct ct_buf *out, const struct ct_buf *text)
{
	for (size_t i = 0; i < text->length;) {
		size_t used = 1;

		if (text->data[i] == '\\')
			put_escape(out, text->data + i, text->length - i, &used);
		else
			ct_buf_putc(out, text->data[i]);
		i += used;
	}
}

static int interpolate_value(struct reading *in, struct ct_slice text, const char **value)
{
	struct variables all = *in->out;
	struct interpolation with = { .variables = &all };
	ct_autobuf result = CT_BUF_INIT;
	enum interpolate_problem problem;

	all.before = in->outside;
	problem = interpolate(&with, text, &result);
	if (problem == INTERPOLATE_REQUIRED)
		ct_fail(in->err, "E017", "line %u: %s", in->line, with.message.data);
	else if (problem != INTERPOLATE_FINE)
		ct_fail(in->err, problem == INTERPOLATE_TOO_LARGE ? "E020" : "E017", "line %u: %s", in->line,
			problem == INTERPOLATE_TOO_LARGE ? "the value becomes too large"
							 : "malformed variable; a literal $ is written $$");
	ct_buf_free(&with.message);
	*value = ct_arena_take(in->arena, &result);
	if (problem == INTERPOLATE_FINE && memchr(*value, 0, result.length))
		return fail(in, "NUL character in a value");
	return problem == INTERPOLATE_FINE ? 0 : -1;
}

static int read_unquoted(struct reading *in, const char **value)
{
	const char *begin = in->at, *end, *comment;

	while (in->at < in->end && *in->at != '\n')
		in->at++;
	end = in->at;
	comment = memmem(begin, (size_t)(end - begin), " #", 2);
	if (comment)
		end = comment;
	while (end > begin && is_blank(end[-1]))
		end--;
	return interpolate_value(in, (struct ct_slice){ begin, (size_t)(end - begin) }, value);
}

/* Up to the closing quote, over line ends. A \ before the quote takes its meaning away and goes; any other stays. */
static int read_quoted(struct reading *in, const char **value)
{
	unsigned begin_line = in->line;
	ct_autobuf text = CT_BUF_INIT, resolved = CT_BUF_INIT;
	char quote = *in->at++;
	bool escaped = false;

	for (; in->at < in->end; in->at++) {
		char byte = *in->at;

		in->line += byte == '\n';
		if (byte == quote && !escaped) {
			in->at++;
			if (quote == '"')
				resolve_escapes(&resolved, &text);
			if (quote == '"')
				return interpolate_value(in,
							 (struct ct_slice){ resolved.data ? resolved.data : "",
									    resolved.length },
							 value);
			*value = ct_arena_take(in->arena, &text);
			return 0;
		}
		if (byte == '\\' && !escaped) {
			escaped = true;
			continue;
		}
		if (escaped && byte != quote)
			ct_buf_putc(&text, '\\');
		escaped = false;
		ct_buf_putc(&text, byte);
	}
	in->line = begin_line;
	return fail(in, "unterminated quoted value");
}

static int read_raw(struct reading *in, const char **value)
{
	const char *begin = in->at;

	while (in->at < in->end && *in->at != '\n')
		in->at++;
	*value = ct_arena_copy(in->arena, begin, (size_t)(in->at - begin) - (in->at > begin && in->at[-1] == '\r'));
	return 0;
}

static int read_value(struct reading *in, bool raw, const char **value)
{
	if (raw)
		return read_raw(in, value);
	skip_blanks(in);
	if (in->at < in->end && (*in->at == '"' || *in->at == '\''))
		return read_quoted(in, value);
	return read_unquoted(in, value);
}

static int read_statement(struct reading *in, bool raw)
{
	const char *name = "", *value = "";
	char ended_by;

	if (!raw)
		skip_export(in);
	if (read_name(in, &name, &ended_by) < 0)
		return -1;
	if (ended_by == '\n') {
		value = in->outside ? variables_get(in->outside, ct_slice_of(name)) : NULL;
		/* The process's own values are asked for again when the result is deployed. */
		if (value || in->keep_unset)
			variables_set(in->out, name, value ? ct_arena_copy(in->arena, value, strlen(value)) : NULL);
		return 0;
	}
	if (read_value(in, raw, &value) < 0)
		return -1;
	variables_set(in->out, name, value);
	return 0;
}

int dotenv_read(const char *text, size_t length, const struct variables *outside, bool raw, bool keep_unset,
		struct ct_arena *arena, struct variables *out, struct ct_err *err)
{
	struct reading in = { text, text + length, 1, outside, keep_unset, arena, out, err };

	if (!ct_utf8_is_valid(text, length) || memchr(text, 0, length))
		return ct_fail(err, "E001", "line 1: not text: there is a NUL or invalid UTF-8 in the file");
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		in.at += 3;
	while (next_statement(&in)) {
		if (read_statement(&in, raw) < 0)
			return -1;
	}
	return 0;
}
