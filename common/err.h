/*
 * Errors: made and returned in the same expression, printed once, by main().
 *
 * A function that can fail takes a `struct ct_err *` last and returns -1 (or
 * NULL). Whoever detects the failure calls ct_fail() or ct_fail_errno();
 * whoever knows more about the circumstances adds it with ct_err_context() on
 * the way up. Nobody but a program's main() prints.
 *
 * Codes are those of the catalogue in docs/errors.md (E parse, P plan, I image,
 * R run time, S state). They decide the exit status; see ct_err_exit_status().
 */
#ifndef CT_ERR_H
#define CT_ERR_H

#include <stdbool.h>

enum ct_exit {
	CT_EXIT_OK = 0,
	CT_EXIT_FAILED = 1,
	CT_EXIT_USAGE = 2,
	CT_EXIT_PERMISSION = 3,
	CT_EXIT_NOT_FOUND = 4,
	CT_EXIT_CANNOT_EXECUTE = 126,
	CT_EXIT_NO_COMMAND = 127,
	CT_EXIT_SIGNAL_BASE = 128,
};

/* No code of the catalogue fits: a full disk under stdout, no memory. */
#define CT_NO_CODE ""
/* Wrong use of a command line: printed without a code, exit status 2. */
#define CT_USAGE "usage"

struct ct_err {
	char code[8];       /* "" when the catalogue has none */
	int exit_status;    /* 0: derived from the code */
	bool reported;      /* an earlier stage of the pipeline has said it already */
	char message[1024]; /* lower case, no full stop, names its subject */
	char hint[512];     /* what the person can do next; "" when nothing is known */
};

#define CT_ERR_INIT \
	{ \
		.code = "" \
	}

/* Fills *err, cutting what does not fit. Always returns -1. errno is kept. */
int ct_fail(struct ct_err *err, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with ": <text of errno>" at the end. EACCES and EPERM make the exit status 3 unless the code has its own. */
int ct_fail_errno(struct ct_err *err, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<context>: " in front of the message. Always returns -1. */
int ct_err_context(struct ct_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets what to do next. Always returns -1, so that it can close a return statement. */
int ct_err_hint(struct ct_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The process exit status that *err stands for; never 0. */
int ct_err_exit_status(const struct ct_err *err);

/*
 * Prints "program: error[CODE]: message" and the hint to stderr with a single
 * write, control characters replaced: names in it come from strangers.
 * Prints nothing when an earlier stage has reported already.
 * Returns ct_err_exit_status(err).
 */
int ct_err_report(const char *program, const struct ct_err *err);

/* A line "program: warning: message" on stderr, in one write, unless -q was given. */
void ct_warn(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line "program: message" on stderr, in one write, unless -q was given. */
void ct_note(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether the log level is "info" or more talkative (-v). */
bool ct_verbose(void);

/* A line "program: message" on stderr, only when ct_verbose(). */
void ct_info(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
