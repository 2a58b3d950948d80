/*
 * ctst: finds the command and becomes it.
 *
 * It knows no command but `help`: everything is an executable `ctst-NAME`, in the
 * libexec directory or, for what a person adds, in PATH.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/file.h"
#include "common/options.h"
#include "common/process.h"
#include "ctst/commands.h"
#include "ctst/manual.h"

static const struct ct_program program = {
	.name = "ctst",
	.synopsis = "[-C DIR] [-q | -v] [--offline] [--state-file PATH] COMMAND [ARGUMENT ...]",
	.summary = "containers from .ctst files, without a daemon",
	.details = "'ctst help' lists the commands.",
	.stop_at_operand = true,
	.starts_containers = true,
};

static int show_commands(struct ct_err *err)
{
	ct_autobuf out = CT_BUF_INIT;

	commands_list(&out);
	return ct_write_stdout(out.data, out.length, err);
}

static int help(int argc, char **argv, struct ct_err *err)
{
	if (argc > 1)
		return ct_fail(err, CT_USAGE, "help takes one command, not %d", argc);
	return argc == 1 ? manual_open(argv[0], err) : show_commands(err);
}

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), ending_length = strlen(ending);

	return length > ending_length && strcmp(text + length - ending_length, ending) == 0;
}

static int unknown(const char *name, struct ct_err *err)
{
	ct_autofree char *suggestion = commands_suggest(name);

	ct_fail(err, CT_USAGE, "'%s' is not a ctst command", name);
	if (ends_with(name, ".ctst"))
		return ct_err_hint(err, "did you mean 'ctst run %s'?", name);
	if (suggestion)
		return ct_err_hint(err, "did you mean '%s'?", suggestion);
	return ct_err_hint(err, "'ctst help' lists the commands");
}

/*
 * Becomes `path` when that is possible. ENOENT: there is no such file, as far as can be seen: a directory of PATH
 * that may not be searched has no commands for this user. A script's interpreter that is missing is not that.
 */
static void try_file(const char *path, char **arguments)
{
	int failure;

	arguments[0] = (char *)path;
	execv(path, arguments);
	failure = errno == ENOENT ? ENOEXEC : errno;
	errno = access(path, F_OK) < 0 ? ENOENT : failure;
}

static void try_path(const char *tool, char **arguments)
{
	const char *path = getenv("PATH");

	while (path && *path && errno == ENOENT) {
		size_t length = strcspn(path, ":");
		ct_autofree char *candidate = ct_asprintf("%.*s/%s", (int)length, path, tool);

		/* An empty element would mean the current directory; commands are not taken from there. */
		if (length > 0)
			try_file(candidate, arguments);
		path += length + (path[length] == ':');
	}
}

/* Becomes a tool, in the libexec directory or in PATH. Returns only when it cannot be executed. */
static int become(const char *tool, char **arguments, struct ct_err *err)
{
	ct_autofree char *path = ct_asprintf("%s/%s", ct_libexec_directory(), tool);

	try_file(path, arguments);
	if (errno == ENOENT)
		try_path(tool, arguments);
	if (errno == ENOENT)
		return unknown(tool + strlen("ctst-"), err);
	ct_fail_errno(err, CT_NO_CODE, "cannot execute '%s'", tool);
	err->exit_status = CT_EXIT_CANNOT_EXECUTE;
	return -1;
}

static int dispatch(int argc, char **argv, struct ct_err *err)
{
	const struct alias *alias = alias_find(argv[0]);
	ct_autofree char *tool = alias->tool ? ct_strdup(alias->tool) : ct_asprintf("ctst-%s", argv[0]);
	ct_autofree char **arguments = ct_alloc_array((size_t)argc + 2, sizeof(*arguments));
	size_t count = 1;

	if (strcmp(argv[0], "help") == 0)
		return help(argc - 1, argv + 1, err);
	if (!command_name_is_valid(argv[0])) {
		return unknown(argv[0], err);
	}
	if (alias->argument)
		arguments[count++] = (char *)alias->argument;
	for (int i = 1; i < argc; i++)
		arguments[count++] = argv[i];
	arguments[count] = NULL;
	return become(tool, arguments, err);
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int first, result;

	ct_open_standard_descriptors();
	if (argc == 1 || (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))) {
		result = show_commands(&err);
	} else {
		first = ct_options_parse(&program, argc, argv);
		result = first == argc ? show_commands(&err) : dispatch(argc - first, argv + first, &err);
	}
	return result < 0 ? ct_err_report(program.name, &err) : CT_EXIT_OK;
}
