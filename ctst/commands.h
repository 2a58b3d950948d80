/*
 * Which commands there are: the project's own, with a line each, and every
 * executable `ctst-NAME` in the libexec directory or in PATH.
 */
#ifndef CTST_COMMANDS_H
#define CTST_COMMANDS_H

#include <stddef.h>

#include "common/buf.h"

/* A second name for a command with its first argument; tool and argument are NULL when `name` is no alias. */
struct alias {
	const char *name;
	const char *tool;     /* "ctst-image" */
	const char *argument; /* put in front of the person's own */
};

/* Never NULL; static. */
const struct alias *alias_find(const char *name);

/* Whether a command can be called this: letters, digits, '-', '_' and '.', no '.' or '-' in front, at most 64 bytes. */
_Bool command_name_is_valid(const char *name);

/* Appends the screen that `ctst help` shows. */
void commands_list(struct ct_buf *out);

/* The command that was probably meant, or NULL. The caller frees it. */
char *commands_suggest(const char *word);

#endif
