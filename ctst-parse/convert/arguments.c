#include "ctst-parse/convert/arguments.h"

#include <ctype.h>
#include <string.h>

#include "ctst-parse/convert/files.h"

/* Where in a shell's text one is. */
struct quoting {
	char quote;   /* ' or "; 0: in none */
	bool escaped; /* the next byte has no meaning */
};

static void step(struct quoting *at, char byte)
{
	if (at->escaped)
		at->escaped = false;
	else if (byte == '\\' && at->quote != '\'')
		at->escaped = true;
	else if (at->quote)
		at->quote = byte == at->quote ? 0 : at->quote;
	else if (byte == '\'' || byte == '"')
		at->quote = byte;
}

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

/* As the shell reads it there; nothing is put in between single quotes. */
static void append_variable(struct ct_buf *out, const struct quoting *at, const char *name, char next)
{
	bool braces = is_name_byte(next);

	ct_buf_puts(out, at->quote == '\'' ? "'\"" : "");
	ct_buf_printf(out, braces ? "${%s}" : "$%s", name);
	ct_buf_puts(out, at->quote == '\'' ? "\"'" : "");
}

static bool is_shell(const char *path)
{
	static const char *const names[] = { "sh", "bash", "ash", "dash", "ksh", "zsh" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(path_name(path), names[i]) == 0)
			return true;
	}
	return false;
}

/* "-c", "-ec" */
static bool is_command_option(const char *text)
{
	size_t length = strlen(text);

	return length > 1 && text[0] == '-' && text[1] != '-' && text[length - 1] == 'c';
}

static void lose_argument(struct job *job, struct cause cause, const char *text)
{
	struct ct_slice name = secret_variable_name(secret_find(text));

	lose(job, cause.place, cause.key, text,
	     "the value of the secret variable '%.*s' would be seen by everybody; let the program read it from a "
	     "variable of "
	     "'env'",
	     (int)name.length, name.text);
}

const char *shell_text(struct job *job, const char *text, struct cause cause)
{
	struct quoting at = { 0 };
	ct_autobuf out = CT_BUF_INIT;
	const char *begin = text;

	if (!secret_find(text))
		return text;
	while (*text) {
		size_t length = is_secret_mark(text) ? secret_length(text) : 1;

		if (!is_secret_mark(text)) {
			step(&at, *text);
			ct_buf_putc(&out, *text);
		} else if (at.escaped) {
			lose_argument(job, cause, begin);
			return NULL;
		} else {
			append_variable(&out, &at, secret_variable(job, text, cause), text[length]);
		}
		text += length;
	}
	return ct_arena_take(job->all->arena, &out);
}

const char *argument_text(struct job *job, const char *first, const char *before, const char *text, struct cause cause)
{
	if (!secret_find(text))
		return text;
	if (first && before && is_shell(first) && is_command_option(before))
		return shell_text(job, text, cause);
	lose_argument(job, cause, text);
	return NULL;
}
