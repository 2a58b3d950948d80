#include "ctst-image/slim/script.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static void copy(char *to, const char *text, size_t length)
{
	memcpy(to, text, length);
	to[length] = '\0';
}

bool script_read(struct script *script, const char *bytes, size_t length)
{
	size_t at = 2, end, begin;

	if (length < 2 || bytes[0] != '#' || bytes[1] != '!')
		return false;
	end = length < SCRIPT_MAX_LINE ? length : SCRIPT_MAX_LINE - 1;
	for (size_t i = 2; i < end; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\0')
			end = i;
	}
	while (end > at && is_blank(bytes[end - 1]))
		end--;
	while (at < end && is_blank(bytes[at]))
		at++;
	for (begin = at; at < end && !is_blank(bytes[at]); at++)
		;
	copy(script->interpreter, bytes + begin, at - begin);
	while (at < end && is_blank(bytes[at]))
		at++;
	copy(script->argument, bytes + at, end - at);
	return script->interpreter[0] == '/';
}

/* Options of env(1) whose value is the next word. */
static bool takes_value(const char *word)
{
	return strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0 || strcmp(word, "--unset") == 0 ||
	       strcmp(word, "--chdir") == 0;
}

bool script_env_program(const char *argument, char name[SCRIPT_MAX_LINE])
{
	const char *at = argument;
	bool skip = false;

	while (*(at += strspn(at, " \t"))) {
		size_t length = strcspn(at, " \t");

		if (length >= SCRIPT_MAX_LINE)
			return false;
		copy(name, at, length);
		at += length;
		/* -S hands on the rest of the line; its short form may be glued to the first word. */
		if (strncmp(name, "-S", 2) == 0 && name[2])
			memmove(name, name + 2, strlen(name + 2) + 1);
		if (!skip && name[0] != '-' && !strchr(name, '='))
			return true;
		skip = !skip && takes_value(name);
	}
	return false;
}

static bool is_one_of(const char *program, const char *const *names)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	for (; *names; names++) {
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

bool script_is_shell(const char *program)
{
	static const char *const shells[] = { "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash", NULL };

	return is_one_of(program, shells);
}

bool script_is_launcher(const char *program)
{
	static const char *const launchers[] = { "env",    "exec",         "tini",    "tini-static", "dumb-init",
						 "gosu",   "su-exec",      "setpriv", "catatonit",   "nice",
						 "ionice", "timeout",      "nohup",   "stdbuf",      "setsid",
						 "chpst",  "s6-setuidgid", "sudo",    NULL };

	return is_one_of(program, launchers);
}

/* Commands and words a POSIX shell knows without a file. */
static bool is_shells_own(const char *word)
{
	static const char *const own[] = { "!",       "[",      ".",        ":",      "{",       "}",        "alias",
					   "bg",      "break",  "case",     "cd",     "command", "continue", "do",
					   "done",    "echo",   "elif",     "else",   "esac",    "eval",     "exec",
					   "exit",    "export", "false",    "fg",     "fi",      "for",      "getopts",
					   "hash",    "if",     "in",       "jobs",   "kill",    "local",    "printf",
					   "pwd",     "read",   "readonly", "return", "set",     "shift",    "test",
					   "then",    "times",  "trap",     "true",   "type",    "ulimit",   "umask",
					   "unalias", "unset",  "until",    "wait",   "while",   NULL };

	for (const char *const *name = own; *name; name++) {
		if (strcmp(word, *name) == 0)
			return true;
	}
	return false;
}

static bool is_word_byte(char byte)
{
	return byte && !strchr(" \t\r\n;|&()<>`\"'{}", byte);
}

static void skip_comment(struct shell_words *words)
{
	while (words->at < words->length && words->text[words->at] != '\n')
		words->at++;
}

bool shell_words_next(struct shell_words *words, char word[SHELL_MAX_WORD])
{
	while (words->at < words->length) {
		size_t begin = words->at;

		if (words->text[begin] == '#' && (begin == 0 || !is_word_byte(words->text[begin - 1]))) {
			skip_comment(words);
			continue;
		}
		while (words->at < words->length && is_word_byte(words->text[words->at]))
			words->at++;
		if (words->at == begin) {
			words->at++;
			continue;
		}
		if (words->at - begin >= SHELL_MAX_WORD)
			continue;
		copy(word, words->text + begin, words->at - begin);
		if (word[0] != '-' && !strpbrk(word, "$*?=\\") && !is_shells_own(word))
			return true;
	}
	return false;
}
