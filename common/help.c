#include "common/help.h"

#include <stdbool.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/utf8.h"

#define COLUMNS 79
#define HELP_COLUMN 29

/* All of them are in ctst(1); here they would push the program's own off the screen. */
static const char globals[] = "-C DIR, -h, -q, -v, --offline, --state-file PATH, --version; see ctst(1)";

static size_t width(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length;) {
		uint32_t character;
		size_t step = ct_utf8_decode(text + i, length - i, &character);

		columns += step ? (size_t)ct_utf8_width(character) : 1;
		i += step ? step : 1;
	}
	return columns;
}

/* Up to the next blank; with `brackets`, the next one that is not inside of them. */
static size_t word_length(const char *text, size_t left, bool brackets)
{
	size_t length = 0;
	int depth = 0;

	for (; length < left && (text[length] != ' ' || (brackets && depth > 0)); length++)
		depth += text[length] == '[' ? 1 : text[length] == ']' ? -1 : 0;
	return length;
}

/* One line from `column` on, where the cursor is; what does not fit goes to further lines, at `indent`. */
static void append_line(struct ct_buf *out, const char *text, size_t length, size_t column, size_t indent,
			bool brackets)
{
	size_t begin = column;

	for (const char *end = text + length; text < end;) {
		size_t word = word_length(text, (size_t)(end - text), brackets), columns = width(text, word);

		if (column > begin && column + 1 + columns > COLUMNS) {
			ct_buf_printf(out, "\n%*s", (int)indent, "");
			begin = column = indent;
		} else if (column > begin) {
			ct_buf_putc(out, ' ');
			column++;
		}
		ct_buf_append(out, text, word);
		column += columns;
		text += word + (text + word < end);
	}
	ct_buf_putc(out, '\n');
}

static void append_text(struct ct_buf *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		append_line(out, text, length, 0, 0, false);
		text += length + (text[length] == '\n');
	}
}

static void append_options(struct ct_buf *out, const struct ct_option *options)
{
	for (; options && options->kind != CT_OPTION_END; options++) {
		size_t begin = out->length;

		if (options->letter)
			ct_buf_printf(out, "  -%c%s", options->letter, options->name ? ", " : "");
		else
			ct_buf_puts(out, "      ");
		ct_buf_printf(out, "%s%s%s%s", options->name ? "--" : "", options->name ? options->name : "",
			      options->argument ? " " : "", options->argument ? options->argument : "");
		do
			ct_buf_putc(out, ' ');
		while (out->length - begin < HELP_COLUMN);
		append_line(out, options->help, strlen(options->help), out->length - begin, HELP_COLUMN, false);
	}
}

int ct_help_print(const struct ct_program *program, struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;
	size_t indent;

	ct_buf_printf(&out, "usage: %s%s", program->name, program->synopsis[0] ? " " : "");
	indent = out.length;
	append_line(&out, program->synopsis, strlen(program->synopsis), indent, indent, true);
	ct_buf_putc(&out, '\n');
	append_text(&out, program->summary);
	if (program->details) {
		ct_buf_putc(&out, '\n');
		append_text(&out, program->details);
	}
	if (program->options) {
		ct_buf_puts(&out, "\noptions:\n");
		append_options(&out, program->options);
	}
	ct_buf_puts(&out, "\nglobal options:\n  ");
	append_text(&out, globals);
	return ct_write_stdout(out.data, out.length, err);
}
