#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/options.h"
#include "common/utf8.h"

static void set(struct ct_err *err, const char *code, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void set(struct ct_err *err, const char *code, const char *format, va_list arguments)
{
	*err = (struct ct_err)CT_ERR_INIT;
	snprintf(err->code, sizeof(err->code), "%s", code);
	vsnprintf(err->message, sizeof(err->message), format, arguments);
}

int ct_fail(struct ct_err *err, const char *code, const char *format, ...)
{
	int saved = errno;
	va_list arguments;

	va_start(arguments, format);
	set(err, code, format, arguments);
	va_end(arguments);
	errno = saved;
	return -1;
}

int ct_fail_errno(struct ct_err *err, const char *code, const char *format, ...)
{
	int saved = errno;
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	set(err, code, format, arguments);
	va_end(arguments);
	length = strlen(err->message);
	snprintf(err->message + length, sizeof(err->message) - length, ": %s", strerror(saved));
	if (saved == EACCES || saved == EPERM)
		err->exit_status = CT_EXIT_PERMISSION;
	errno = saved;
	return -1;
}

int ct_err_context(struct ct_err *err, const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	length = strlen(message);
	snprintf(message + length, sizeof(message) - length, ": %s", err->message);
	memcpy(err->message, message, sizeof(message));
	return -1;
}

int ct_err_hint(struct ct_err *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(err->hint, sizeof(err->hint), format, arguments);
	va_end(arguments);
	return -1;
}

/* Codes with a status of their own; spec: exit 3 permission, 4 something named was not found. */
static const struct {
	const char *code;
	int status;
} own_status[] = {
	{ CT_USAGE, CT_EXIT_USAGE },   { "S003", CT_EXIT_PERMISSION }, { "S004", CT_EXIT_NOT_FOUND },
	{ "R005", CT_EXIT_NOT_FOUND }, { "I001", CT_EXIT_NOT_FOUND },
};

int ct_err_exit_status(const struct ct_err *err)
{
	for (size_t i = 0; i < sizeof(own_status) / sizeof(own_status[0]); i++) {
		if (strcmp(err->code, own_status[i].code) == 0 && !err->reported)
			return own_status[i].status;
	}
	return err->exit_status ? err->exit_status : CT_EXIT_FAILED;
}

/* A terminal obeys control characters, also those of Unicode and of eight-bit character sets. */
static void replace_control_characters(struct ct_buf *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->length;) {
		uint32_t character;
		size_t length = ct_utf8_decode(text->data + i, text->length - i, &character);

		if (length == 0 || ct_utf8_is_unsafe(character)) {
			text->data[kept++] = '?';
		} else {
			memmove(text->data + kept, text->data + i, length);
			kept += length;
		}
		i += length ? length : 1;
	}
	text->length = kept;
}

/* One write, so that lines of concurrent tools do not mix; a reader that went away is no reason to stop. */
static void write_once(const struct ct_buf *line)
{
	ssize_t written;

	do
		written = write(STDERR_FILENO, line->data, line->length);
	while (written < 0 && errno == EINTR);
}

static const char *paint(const char *sequence)
{
	return ct_colour(STDERR_FILENO) ? sequence : "";
}

static void write_labelled(const char *program, const char *colour, const char *label, const struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autobuf hint = CT_BUF_INIT;
	ct_autobuf line = CT_BUF_INIT;

	ct_buf_puts(&text, err->message);
	ct_buf_puts(&hint, err->hint);
	replace_control_characters(&text);
	replace_control_characters(&hint);
	ct_buf_printf(&line, "%s: %s%s", program, paint(colour), label);
	if (err->code[0] && strcmp(err->code, CT_USAGE) != 0)
		ct_buf_printf(&line, "[%s]", err->code);
	ct_buf_printf(&line, ":%s ", paint("\033[0m"));
	ct_buf_printf(&line, "%s\n", text.data);
	if (hint.length > 0)
		ct_buf_printf(&line, "  hint: %s\n", hint.data);
	write_once(&line);
}

int ct_err_report(const char *program, const struct ct_err *err)
{
	if (!err->reported)
		write_labelled(program, "\033[1;31m", "error", err);
	return ct_err_exit_status(err);
}

void ct_warn(const char *program, const char *format, ...)
{
	struct ct_err warning = CT_ERR_INIT;
	va_list arguments;

	if (ct_quiet())
		return;
	va_start(arguments, format);
	vsnprintf(warning.message, sizeof(warning.message), format, arguments);
	va_end(arguments);
	write_labelled(program, "\033[1;35m", "warning", &warning);
}

static void say(const char *program, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void say(const char *program, const char *format, va_list arguments)
{
	ct_autobuf line = CT_BUF_INIT;
	char message[1024];

	vsnprintf(message, sizeof(message), format, arguments);
	ct_buf_printf(&line, "%s: %s", program, message);
	replace_control_characters(&line);
	ct_buf_putc(&line, '\n');
	write_once(&line);
}

void ct_note(const char *program, const char *format, ...)
{
	va_list arguments;

	if (ct_quiet())
		return;
	va_start(arguments, format);
	say(program, format, arguments);
	va_end(arguments);
}

bool ct_verbose(void)
{
	const char *level = getenv("CONTAINUST_LOG");

	return level && (strcmp(level, "info") == 0 || strcmp(level, "debug") == 0);
}

void ct_info(const char *program, const char *format, ...)
{
	va_list arguments;

	if (!ct_verbose())
		return;
	va_start(arguments, format);
	say(program, format, arguments);
	va_end(arguments);
}
