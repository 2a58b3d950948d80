/* ctst-exec: another process in a running container, as closed as the container itself. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/options.h"
#include "common/project.h"
#include "common/state.h"
#include "common/status.h"
#include "ctst-spawn/capabilities.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/enter.h"
#include "ctst-spawn/payload.h"
#include "ctst-spawn/sealed_copy.h"
#include "ctst-spawn/sealed_payload.h"
#include "ctst-spawn/supervise.h"

static const char *file, *user, *workdir;
static struct ct_option_list variables;
static bool interactive, terminal, no_terminal;

static const struct ct_option options[] = {
	{ CT_OPTION_FLAG, 'i', "interactive", NULL, "give it this standard input", &interactive },
	{ CT_OPTION_TEXT, 'u', "user", "USER", "run as uid[:gid] or a name of the image", &user },
	{ CT_OPTION_TEXT, 'w', "workdir", "DIR", "start in DIR", &workdir },
	{ CT_OPTION_LIST, 'e', "env", "K=V", "set a variable; may be repeated", &variables },
	{ CT_OPTION_FLAG, 't', "tty", NULL, "with a terminal (not in this version)", &terminal },
	{ CT_OPTION_FLAG, 'T', "no-tty", NULL, "without a terminal", &no_terminal },
	{ CT_OPTION_TEXT, 'f', "file", "FILE", "the project of this file", &file },
	{ CT_OPTION_END },
};

static const struct ct_program program = {
	.name = "ctst-exec",
	.synopsis = "[-i] [-u USER] [-w DIR] [-e K=V]… [-f FILE] NAME [--] COMMAND [ARGUMENT…]",
	.summary = "run a command inside a running container",
	.options = options,
	.stop_at_operand = true,
	.starts_containers = true,
};

struct target {
	struct config config;
	struct ct_status status;
	struct payload payload;
	int namespaces[SUPERVISE_NAMESPACE_COUNT];
	int environment;
};

/*
 * The supervisor keeps the container's namespaces open. The pidfd makes sure that what is
 * opened through its pid was the supervisor's: it is asked for before and still lives after.
 */
static int open_namespaces(struct target *target)
{
	ct_autoclose int pidfd = ct_process_open(&target->status.supervisor);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	char path[64];

	if (pidfd < 0)
		return -1;
	for (int i = 0; i < SUPERVISE_NAMESPACE_COUNT; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target->status.supervisor.pid,
			 SUPERVISE_NAMESPACE_FD + i);
		target->namespaces[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (target->namespaces[i] < 0)
			return -1;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target->status.supervisor.pid, SUPERVISE_ENVIRONMENT_FD);
	target->environment = open(path, O_RDONLY | O_CLOEXEC);
	if (target->environment < 0)
		return -1;
	return poll(&ended, 1, 0) == 0 ? 0 : -1;
}

static int find(const char *name, struct target *target, struct ct_err *err)
{
	ct_autoproject project = { 0 };
	ct_autostate state = CT_STATE_INIT;
	const struct ct_state_entry *entry;

	if (ct_project_find(&project, file, err) < 0 || ct_state_load(&project, &state, err) < 0)
		return -1;
	entry = ct_state_find(&state, name, err);
	if (!entry || ct_status_read(entry->directory, &target->status, err) < 0)
		return -1;
	if (target->status.state == CT_RUNNING && open_namespaces(target) < 0 && errno != ENOENT && errno != ESRCH)
		return ct_fail_errno(err, "R008", "cannot reach the namespaces of '%s'", entry->name);
	if (target->status.state != CT_RUNNING || target->namespaces[SUPERVISE_NAMESPACE_COUNT - 1] < 0) {
		ct_fail(err, "R007", "container '%s' is not running: it is %s", entry->name,
			ct_run_state_name(target->status.state));
		return ct_err_hint(err, "'ctst run' starts it");
	}
	return config_read(entry->directory, &target->config, err);
}

/* The container's own environment and directory, with what the command line says on top. */
static int prepare(struct target *target, char **argv, struct ct_err *err)
{
	struct payload *payload = &target->payload;
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

static int join_group(const char *path, struct ct_err *err)
{
	ct_autofree char *procs = ct_asprintf("%s/cgroup.procs", path);
	ct_autoclose int fd = path[0] ? open(procs, O_WRONLY | O_CLOEXEC) : -1;

	if (path[0] && (fd < 0 || ct_write_all(fd, "0", 1) < 0))
		return ct_fail_errno(err, "R002", "cannot join the cgroup '%s'", path);
	return 0;
}

static int enter(const struct target *target, struct ct_err *err)
{
	if (join_group(target->status.cgroup, err) < 0)
		return -1;
	return enter_container(target->namespaces, target->config.container.name, err);
}

static int connect_input(struct ct_err *err)
{
	ct_autoclose int null = -1;

	if (interactive)
		return 0;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return ct_fail_errno(err, "R008", "cannot open /dev/null");
	return 0;
}

static volatile pid_t child;

static void pass_on(int signal)
{
	if (child > 0)
		kill(child, signal);
}

/* The child has a session of its own, so what the terminal sends is passed on by hand. */
static int wait_for_child(void)
{
	static const int passed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		sigaction(passed[i], &action, NULL);
	return ct_process_wait(child);
}

static int run(char **operands, struct ct_err *err)
{
	struct target target = { .namespaces = { -1, -1, -1, -1, -1, -1 }, .environment = -1 };
	int exit_code = CT_EXIT_FAILED;

	if (find(operands[0], &target, err) < 0 || prepare(&target, operands + 1, err) < 0 || enter(&target, err) < 0 ||
	    payload_find_user(&target.payload, err) < 0 || connect_input(err) < 0)
		return -1;
	if (capabilities_bound(target.payload.capabilities) < 0)
		return ct_fail_errno(err, "R008", "cannot give up capabilities");
	child = payload_start(&target.payload, &exit_code, err);
	if (child < 0) {
		err->exit_status = exit_code;
		strcpy(err->code, "R008");
		return -1;
	}
	return wait_for_child();
}

int main(int argc, char **argv)
{
	struct ct_err err = CT_ERR_INIT;
	int operand, status;

	ct_open_standard_descriptors();
	/* What the caller has open could be entered or executed by way of /proc/self/fd. */
	syscall(SYS_close_range, 3U, ~0U, 0);
	if (run_from_sealed_copy(argv) < 0) {
		ct_fail_errno(&err, "R008", "cannot run from a sealed copy in memory");
		return ct_err_report(program.name, &err);
	}
	operand = ct_options_parse(&program, argc, argv);
	if (operand + 2 < argc && strcmp(argv[operand + 1], "--") == 0) {
		memmove(&argv[operand + 1], &argv[operand], sizeof(char *));
		operand++;
	}
	if (operand + 2 > argc)
		ct_usage_error(&program, "expected the name of a container and a command");
	if (terminal) {
		ct_fail(&err, "R008", "this version gives no terminal to the command");
		ct_err_hint(&err, "leave out -t; -i passes standard input on");
		return ct_err_report(program.name, &err);
	}
	status = run(argv + operand, &err);
	return status < 0 ? ct_err_report(program.name, &err) : status;
}
