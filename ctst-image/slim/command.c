/* What a command line needs beside its program. */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-image/slim/script.h"
#include "ctst-image/slim/slim.h"

static bool is_executable(const struct found *found)
{
	return S_ISREG(found->status.st_mode) && (found->status.st_mode & 0111);
}

static char *in_workdir(const struct slim *slim, const char *path)
{
	return path[0] == '/' ? ct_strdup(path) : ct_asprintf("%s/%s", slim->workdir, path);
}

static char *find_along_path(const struct slim *slim, const char *name)
{
	ct_autofree char *path = ct_strdup(slim->path);
	auto_found found = FOUND_INIT;
	char *rest = path, *directory;

	while ((directory = strsep(&rest, ":"))) {
		ct_autofree char *full = ct_asprintf("%s/%s", directory, name);

		if (directory[0] == '/' && slim_find(slim, full, &found) == 0 && is_executable(&found))
			return ct_take_text(&full);
	}
	errno = ENOENT;
	return NULL;
}

char *slim_program_path(const struct slim *slim, const char *name)
{
	return strchr(name, '/') ? in_workdir(slim, name) : find_along_path(slim, name);
}

int slim_find_program(const struct slim *slim, const char *name, struct found *found)
{
	ct_autofree char *path = slim_program_path(slim, name);

	if (!path || slim_find(slim, path, found) < 0)
		return -1;
	if (is_executable(found))
		return 0;
	errno = EACCES;
	return -1;
}

/* Whatever the image has there, a container has something else. */
static bool is_made_for_containers(const char *path)
{
	static const char *const places[] = { "tmp", "run", "dev", "proc", "sys" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t length = strlen(places[i]);

		if (strncmp(path, places[i], length) == 0 && (path[length] == '/' || path[length] == '\0'))
			return true;
	}
	return false;
}

static bool take_program(struct slim *slim, const char *name, const char *reason)
{
	auto_found found = FOUND_INIT;

	if (slim_find_program(slim, name, &found) < 0)
		return false;
	if (is_made_for_containers(found.path))
		slim_note(slim, SLIM_NOTE_LEFT_OUT, NULL, "'/%s' will not be seen: a container has another '/%.*s'",
			  found.path, (int)strcspn(found.path, "/"), found.path);
	slim_take(slim, &found, reason, SLIM_TAKE_FILE);
	return true;
}

void slim_take_shell_text(struct slim *slim, const char *text, size_t length, const char *whose)
{
	struct shell_words words = { .text = text, .length = length };
	const char *reason = slim_text(slim, "named in %s", whose);
	char word[SHELL_MAX_WORD];
	auto_found found = FOUND_INIT;

	while (shell_words_next(&words, word)) {
		if (word[0] != '/') {
			take_program(slim, word, reason);
			continue;
		}
		if (slim_find(slim, word, &found) == 0 && S_ISREG(found.status.st_mode))
			slim_take(slim, &found, reason, SLIM_TAKE_FILE);
	}
}

/* A directory that is the program's own comes along; of the whole system's only the person can know what is meant. */
static int take_directory(struct slim *slim, const struct found *found, const char *argument, const char *reason,
			  struct ct_err *err)
{
	if (is_made_for_containers(found->path))
		return 0;
	if (!slim_is_system_directory(found->path))
		return slim_include(slim, argument, reason, err);
	slim_note(slim, SLIM_NOTE_LEFT_OUT, NULL, "of the directory '/%s', %s, only what is needed otherwise was taken",
		  found->path, reason);
	slim_take(slim, found, reason, SLIM_TAKE_FILE);
	return 0;
}

static int take_argument(struct slim *slim, const char *argument, const char *reason, struct ct_err *err)
{
	ct_autofree char *path = in_workdir(slim, argument);
	auto_found found = FOUND_INIT;

	if (argument[0] == '-' || argument[0] == '\0' || strcmp(argument, ".") == 0 ||
	    slim_find(slim, path, &found) < 0)
		return 0;
	if (S_ISDIR(found.status.st_mode))
		return argument[0] == '/' ? take_directory(slim, &found, path, reason, err) : 0;
	slim_take(slim, &found, reason, SLIM_TAKE_FILE);
	return 0;
}

static int no_program(const struct slim *slim, const char *name, const char *whose, struct ct_err *err)
{
	if (errno == EACCES)
		return ct_fail(err, "I003", "%s: '%.300s' of %s is not a file that can be executed", slim->what, name,
			       whose);
	/* A program of a command line is its own. */
	if (strstr(whose, name))
		ct_fail(err, "I001", "%s: there is no program '%.300s'", slim->what, name);
	else
		ct_fail(err, "I001", "%s: there is no program '%.300s', which %s starts", slim->what, name, whose);
	return strchr(name, '/') ? -1 : ct_err_hint(err, "it was looked for in %s", slim->path);
}

/* Whether its arguments name what it starts: a launcher, or a script, which as an entrypoint most often is one. */
static bool starts_arguments(const struct slim *slim, const char *program)
{
	auto_found found = FOUND_INIT;
	char head[2];

	if (script_is_launcher(program))
		return true;
	return slim_find_program(slim, program, &found) == 0 &&
	       slim_read_head(slim, found.path, head, sizeof(head)) == 2 && head[0] == '#' && head[1] == '!';
}

/* What "-c" is followed by. */
static void take_shell_argument(struct slim *slim, const char *const *argv, size_t count, const char *whose)
{
	for (size_t i = 1; i + 1 < count; i++) {
		const char *option = argv[i];

		if (option[0] == '-' && option[1] != '-' && strchr(option, 'c')) {
			slim_take_shell_text(slim, argv[i + 1], strlen(argv[i + 1]), whose);
			return;
		}
	}
}

int slim_take_command(struct slim *slim, const char *const *argv, size_t count, const char *whose, struct ct_err *err)
{
	const char *reason = slim_text(slim, "an argument in %s", whose);
	bool launches;

	if (count == 0)
		return 0;
	if (strstr(argv[0], "${")) {
		ct_fail(err, "I003", "%s: which program %s starts is not known before the run: '%.300s'", slim->what,
			whose, argv[0]);
		return ct_err_hint(err, "write the program's path in the file, or take 'distroless' out");
	}
	if (!take_program(slim, argv[0], slim_text(slim, "the program of %s", whose)))
		return no_program(slim, argv[0], whose, err);
	launches = starts_arguments(slim, argv[0]);
	for (size_t i = 1; i < count; i++) {
		if (strstr(argv[i], "${"))
			continue;
		if (take_argument(slim, argv[i], reason, err) < 0)
			return -1;
		if (launches && argv[i][0] != '-' && argv[i][0] != '\0' && !strchr(argv[i], '/'))
			take_program(slim, argv[i], slim_text(slim, "may be started by %s", whose));
		if (launches && script_is_shell(argv[i]))
			take_shell_argument(slim, argv + i, count - i, whose);
	}
	if (script_is_shell(argv[0]))
		take_shell_argument(slim, argv, count, whose);
	return 0;
}
