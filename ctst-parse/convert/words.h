/* A command in one string, split as compose splits it: quotes and backslashes of a shell, and nothing else of it. */
#ifndef CTST_CONVERT_WORDS_H
#define CTST_CONVERT_WORDS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/buf.h"

#define WORDS_MAX 4096 /* items of a list in the language */

struct words {
	const char **items;     /* in the arena */
	size_t count, capacity; /* at most WORDS_MAX */
	const char *rest;       /* from an operator of the shell (; & | < >) outside quotes on; NULL: there is none */
};

/* NULL, or what is wrong with it: static text. */
const char *words_split(struct ct_arena *arena, const char *text, struct words *words);

/* Appends the text as a shell reads one word. */
void append_shell_word(struct ct_buf *out, const char *text);

#endif
