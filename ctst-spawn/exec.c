/* ctst-exec: another process in a running container, as closed as the container itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-spawn/exec/session.h"
#include "ctst-spawn/sealed_copy.h"
#include "ctst-spawn/sealed_payload.h"

static const char *file, *user, *workdir;
static struct ct_option_list variables;
static bool interactive, terminal, no_terminal;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'i', "interactive", NULL, "give it this standard input", &interactive },
	{ CT_OPTION_TEXT, 'u', "user", "USER", "run as uid[:gid] or a name of the image", &user },
	{ CT_OPTION_TEXT, 'w', "workdir", "DIR", "start in DIR", &workdir },
	{ CT_OPTION_LIST, 'e', "env", "K=V", "set a variable; may be repeated", &variables },
	{ CT_OPTION_FLAG, 't', "tty", NULL, "with a terminal, whatever the standard input and output are", &terminal },
	{ CT_OPTION_FLAG, 'T', "no-tty", NULL, "without a terminal, whatever they are", &no_terminal },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-exec",
	.synopsis = "[-i] [-t | -T] [-u USER] [-w DIR] [-e K=V]… [-f FILE] NAME [--] COMMAND [ARGUMENT…]",
	.summary = "run a command inside a running container",
	.options = options,
	.stop_at_operand = true,
	.starts_containers = true,
};

/* The container's own environment and directory, with what the command line says on top. */
static int prepare(const struct target *target, struct payload *payload, char **argv, bool with_terminal,
		   struct ct_err *err)
{
	const char *type = getenv("TERM");
	size_t count = 0;

	if (payload_load(target->environment, PAYLOAD_OTHER, &target->config.container, payload, err) < 0)
		return -1;
	while (argv[count])
		count++;
	payload->argv = ct_realloc_array(payload->argv, count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		payload->argv[i] = ct_strdup(argv[i]);
	payload->argv[count] = NULL;
	if (user)
		payload->user = user;
	if (workdir) {
		free(payload->workdir);
		payload->workdir = ct_strdup(workdir);
	}
	if (with_terminal)
		payload_set_variable(payload, "TERM", type && type[0] ? type : "xterm");
	for (int i = 0; i < variables.count; i++) {
		const char *equals = strchr(variables.items[i], '=');
		ct_autofree char *name = NULL;

		if (!equals || equals == variables.items[i])
			ct_usage_error(&program, "'%s' is not of the form NAME=VALUE", variables.items[i]);
		name = ct_strndup(variables.items[i], (size_t)(equals - variables.items[i]));
		payload_set_variable(payload, name, equals + 1);
	}
	return 0;
}

/* One pipe then, which keeps the order of what is written. */
static bool is_same_output(void)
{
	struct stat output, error_output;

	return fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &error_output) == 0 &&
	       output.st_dev == error_output.st_dev && output.st_ino == error_output.st_ino &&
	       output.st_rdev == error_output.st_rdev;
}

/* A command in the background of a shell that does not ask for a terminal does without one, instead of being stopped. */
static bool wants_terminal(const struct terminal *caller)
{
	return terminal || (!no_terminal && isatty(STDOUT_FILENO) && terminal_is_ours(caller));
}

static int run(char **operands, struct ct_err *err)
{
	struct target target;
	struct payload payload;
	struct terminal caller;
	struct inside inside = { .target = &target, .payload = &payload, .caller = &caller };

	terminal_find(&caller);
	inside.terminal = wants_terminal(&caller);
	inside.input = interactive || (inside.terminal && caller.keyboard >= 0);
	inside.one_output = is_same_output();
	if (target_find(&target, file, operands[0], err) < 0 ||
	    prepare(&target, &payload, operands + 1, inside.terminal, err) < 0)
		return -1;
	return session_run(&inside, &caller, err);
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand, status;

	ct_open_standard_descriptors();
	/* What the caller has open could be entered or executed by way of /proc/self/fd. */
	syscall(SYS_close_range, 3U, ~0U, 0);
	if (run_from_sealed_copy(argv) < 0) {
		cannot_run_sealed("R008", &err);
		return ct_err_report(program.name, &err);
	}
	operand = ct_options_parse(&program, argc, argv);
	if (operand + 2 < argc && strcmp(argv[operand + 1], "--") == 0) {
		memmove(&argv[operand + 1], &argv[operand], sizeof(char *));
		operand++;
	}
	if (operand + 2 > argc)
		ct_usage_error(&program, "expected the name of a container and a command");
	if (terminal && no_terminal)
		ct_usage_error(&program, "-t and -T contradict each other");
	status = run(argv + operand, &err);
	return status < 0 ? ct_err_report(program.name, &err) : status;
}
