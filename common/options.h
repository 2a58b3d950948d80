/*
 * Command lines from a table: the same table parses and prints --help.
 *
 * Every tool of the project takes the global options without listing them:
 * --offline, --state-file PATH, -C DIR, -q/--quiet, -v/--verbose, -h/--help,
 * --version. The first two and the log level are put into the environment
 * (CONTAINUST_OFFLINE, CONTAINUST_STATE_FILE, CONTAINUST_LOG), which is how they
 * reach the tools that this one executes.
 */
#ifndef CT_OPTIONS_H
#define CT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum ct_option_kind {
	CT_OPTION_END = 0,
	CT_OPTION_FLAG, /* value: bool * */
	CT_OPTION_TEXT, /* value: const char **, points into argv */
	CT_OPTION_LIST, /* value: struct ct_option_list *; may be given several times */
};

struct ct_option_list {
	const char **items; /* owned; points into argv */
	int count;
};

struct ct_option {
	enum ct_option_kind kind;
	char letter;          /* 0: long form only */
	const char *name;     /* long form without dashes; NULL: letter only */
	const char *argument; /* what --help calls the argument, e.g. "FILE" */
	const char *help;     /* one line */
	void *value;
};

struct ct_program {
	const char *name;                /* as executed: "ctst-plan" */
	const char *synopsis;            /* operands and options: "[FILE] [-o text|json]" */
	const char *summary;             /* one line, lower case, what it does */
	const char *details;             /* more lines for --help, or NULL */
	const struct ct_option *options; /* ends with CT_OPTION_END; NULL: none of its own */
	bool starts_containers;          /* or runs what does: containers of an --offline run have their own networks */
	bool stop_at_operand;            /* everything behind the first operand belongs to another program (exec) */
};

/*
 * Returns the index of the first operand; argv is permuted so that all operands
 * stand there in order. Prints and exits 0 for --help and --version; prints to
 * stderr and exits 2 for a wrong use. -C is carried out at once; a directory that
 * cannot be entered exits 4.
 */
int ct_options_parse(const struct ct_program *program, int argc, char **argv);

/* "text" or "json" of an -o option: true for json. NULL: json unless stdout is a terminal. Exits 2 for another word. */
bool ct_output_is_json(const struct ct_program *program, const char *word);

/* The argument of --<name> as a number from least to most; NULL: `otherwise`. Exits 2 for anything else. */
int64_t ct_option_number(const struct ct_program *program, const char *name, const char *text, int64_t least,
			 int64_t most, int64_t otherwise);

/* Prints "name: message" and how to get help to stderr and exits 2. */
void ct_usage_error(const struct ct_program *program, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* --offline, here or in the environment. */
bool ct_offline(void);
/*
 * From now on neither this process nor what it executes can make a socket: EACCES. ct_options_parse() does it for all
 * programs that start no containers. -1: the kernel cannot do it.
 */
int ct_offline_enforce(struct ct_err *err);
bool ct_quiet(void);
/* Whether output to fd may be coloured: a terminal, TERM not "dumb", NO_COLOR unset or empty. */
bool ct_colour(int fd);

#endif
