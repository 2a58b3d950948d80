/*
 * One slim image in the making: the root it is taken from, the files that were taken, and what a person
 * should know.
 *
 * The caller: 1. slim_start. 2. slim_take_command(), slim_include(), … for what is wanted. 3. closure_run(): all
 * that those need. 4. accompany(): what the C library and its friends read beside libraries. Then the tree is complete.
 */
#ifndef SLIM_SLIM_H
#define SLIM_SLIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"
#include "ctst-image/slim/find.h"
#include "ctst-image/slim/tree.h"

#define SLIM_PROGRAM "ctst-image-slim"
#define SLIM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SLIM_MAX_NOTES 512
#define SLIM_MAX_LOCALES 32

enum slim_note_kind {
	SLIM_NOTE_RUNTIME,     /* a library that may be loaded at run time */
	SLIM_NOTE_INTERPRETER, /* files that an interpreter reads */
	SLIM_NOTE_ABSENT,      /* something of a whole tree needs what is not there */
	SLIM_NOTE_LEFT_OUT,    /* named, but not taken */
};

struct slim_note {
	enum slim_note_kind kind;
	const char *text;
	const char *include; /* the path that would take it; NULL: none */
};

struct slim {
	int root;
	bool host;        /* it is this machine's own */
	const char *what; /* "image 'x'", for messages */

	/* Of the group of commands that is being looked at. */
	const char *path;         /* PATH inside */
	const char *library_path; /* LD_LIBRARY_PATH inside, or NULL */
	const char *workdir;      /* absolute */

	struct slim_locale {
		const char *name;
		bool asked; /* by a person, not by a variable of the image */
	} locales[SLIM_MAX_LOCALES];
	size_t locale_count;
	const char *zones[SLIM_MAX_LOCALES]; /* values of TZ */
	size_t zone_count;
	bool runtimes; /* take what known interpreters read */
	bool zoneinfo;
	bool gconv;

	struct tree tree;
	uint32_t *queue; /* files that are to be looked at; owned */
	size_t queue_count, queue_capacity, queue_next;

	struct slim_note notes[SLIM_MAX_NOTES];
	size_t note_count;
	size_t notes_dropped;
	struct ct_names note_subjects; /* what each is about: its path, else its text */

	bool musl;                       /* a program with the loader of musl was taken */
	struct library_cache *libraries; /* of library_search.c */
};

void slim_start(struct slim *slim, int root);
void slim_release(struct slim *slim);

/* Looks a path up. -1 with errno. */
int slim_find(const struct slim *slim, const char *path, struct found *found);

enum slim_take {
	SLIM_TAKE_FILE = 0,
	SLIM_TAKE_LENIENT = 1, /* part of a whole tree */
	SLIM_TAKE_LIBRARY = 2, /* looked at already, within the process that loads it */
};

/*
 * Takes what was found: its links, the directories above, and the thing itself. A regular file is going to be looked at.
 * Returns its index; TREE_NOTHING with errno ENOTSUP for what is neither file nor directory.
 */
uint32_t slim_take(struct slim *slim, const struct found *found, const char *reason, enum slim_take how);

/* The links of a path that leads nowhere, as far as they go. */
void slim_take_dangling(struct slim *slim, const char *path, const char *reason);

/* The beginning of a file of the root by its real path: how many bytes, or -1 with errno. */
ssize_t slim_read_head(const struct slim *slim, const char *path, char *head, size_t size);

/* Both at once, when it is there. TREE_NOTHING with errno when not. */
uint32_t slim_take_path(struct slim *slim, const char *path, const char *reason);

/* A file that is not in the root. An entry that is there already stays. */
void slim_take_text(struct slim *slim, const char *path, mode_t mode, const char *text, size_t length,
		    const char *reason);

/* The directories above a path that is going to be added. */
void slim_take_parents(struct slim *slim, const char *path);

/* include.c: takes a file, or a directory with everything in it. -1: I001 when it is not there, I003. */
int slim_include(struct slim *slim, const char *path, const char *reason, struct ct_err *err);

/* Whether a directory is a part of every system, which nobody means as a whole when they name it. */
bool slim_is_system_directory(const char *path);

/*
 * A program as it would be started: a path, relative to the working directory unless it begins with a slash, or a name
 * that is looked for along PATH. -1 with errno when there is no such file that may be executed.
 */
int slim_find_program(const struct slim *slim, const char *name, struct found *found);

/* The absolute path by which that is, links not followed. The caller frees; NULL with errno. */
char *slim_program_path(const struct slim *slim, const char *name);

/*
 * command.c: takes what a command line needs: its program, files among its arguments, and what shells, launchers
 * and scripts are told to start. `whose` goes into the reasons: "the health check of web". -1: I001, I003.
 */
int slim_take_command(struct slim *slim, const char *const *argv, size_t count, const char *whose, struct ct_err *err);

/* Takes the programs and files that shell text names. */
void slim_take_shell_text(struct slim *slim, const char *text, size_t length, const char *whose);

/* Says it once of each path. `include` may be NULL. */
void slim_note(struct slim *slim, enum slim_note_kind kind, const char *include, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A text that lives as long as the tree. */
const char *slim_text(struct slim *slim, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
