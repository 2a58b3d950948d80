/*
 * Scripts as the kernel, env(1) and a shell see them: who runs the file, and which words in it may be
 * names of programs. Only text is looked at here; what exists is found out elsewhere.
 */
#ifndef SLIM_SCRIPT_H
#define SLIM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel reads no more of the first line (BINPRM_BUF_SIZE). */
#define SCRIPT_MAX_LINE 256

struct script {
	char interpreter[SCRIPT_MAX_LINE];
	char argument[SCRIPT_MAX_LINE]; /* all the rest of the line; "" when there is none */
};

/* False when the bytes do not begin a script. */
bool script_read(struct script *script, const char *bytes, size_t length);

/* What env(1) is to start: the first word of its argument that is neither an option nor a variable. False: none. */
bool script_env_program(const char *argument, char name[SCRIPT_MAX_LINE]);

/* Whether the program reads the shell's language, and whether it only starts what its arguments name. */
bool script_is_shell(const char *program);
bool script_is_launcher(const char *program);

/*
 * The words of shell text, in order, as far as they can be names: quotes, operators and comments separate them, and
 * what holds an expansion or is a shell's own command is left out.
 */
struct shell_words {
	const char *text;
	size_t length;
	size_t at;
};

#define SHELL_MAX_WORD 1024

bool shell_words_next(struct shell_words *words, char word[SHELL_MAX_WORD]);

#endif
