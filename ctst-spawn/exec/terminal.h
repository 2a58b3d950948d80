/*
 * The caller's terminal: raw while a command in the container has a terminal of its own, so that every key goes
 * there, and as it was before whenever this program stops or ends.
 */
#ifndef CTST_SPAWN_EXEC_TERMINAL_H
#define CTST_SPAWN_EXEC_TERMINAL_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

struct terminal {
	int keyboard; /* standard input when that is a terminal; -1 */
	int screen;   /* the one whose size counts; -1: none */
	bool raw;
	struct termios original;
};

/* What standard input and output are. */
void terminal_find(struct terminal *terminal);

/* Whether the caller can type: there is a keyboard, and no shell has given it to another group of processes than this one. */
bool terminal_is_ours(const struct terminal *terminal);

/* false: unknown. */
bool terminal_size(const struct terminal *terminal, struct winsize *size);

/* Without a keyboard these do nothing. */
void terminal_make_raw(struct terminal *terminal);
void terminal_restore(struct terminal *terminal);

/* Stops this process as the terminal's Ctrl+Z would, with the terminal as it was; returns when it is continued. */
void terminal_stop(struct terminal *terminal);

#endif
