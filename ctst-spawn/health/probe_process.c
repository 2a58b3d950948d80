/* The two processes between the supervisor and a health check's command. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "ctst-spawn/capabilities.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/enter.h"
#include "ctst-spawn/health/probe.h"
#include "ctst-spawn/sealed_payload.h"
#include "ctst-spawn/supervise.h"

#define SECOND INT64_C(1000000000)
#define CHILDREN_LIMIT 65536 /* bytes of a list of pids that are looked at in one go */

/* The reason is the output of a command that could not be started. */
static void give_up(const struct ct_err *err, int exit_code) __attribute__((noreturn));

static void give_up(const struct ct_err *err, int exit_code)
{
	(void)ct_write_all(STDERR_FILENO, err->message, strlen(err->message));
	(void)ct_write_all(STDERR_FILENO, "\n", 1);
	_exit(exit_code);
}

/* Only these, and the container's namespaces and payload; the supervisor's lock and pipes must not live on in here. */
static int connect_descriptors(int output)
{
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		return -1;
	syscall(SYS_close_range, 3U, (unsigned)SUPERVISE_NAMESPACE_FD - 1, 0);
	syscall(SYS_close_range, (unsigned)SUPERVISE_ENVIRONMENT_FD + 1, ~0U, 0);
	(void)ct_take_fd(&null); /* it has been closed with the others */
	return 0;
}

/* Also not dumpable: becoming another user undoes both (PR_SET_PDEATHSIG in prctl(2)). */
static void die_with(pid_t supervisor)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    getppid() != supervisor)
		_exit(CT_EXIT_CANNOT_EXECUTE);
}

/* The supervisor does not have all of the configuration in memory, and what confines a command depends on all of it. */
static int enter(const struct probe_target *target, pid_t supervisor, struct payload *payload, struct ct_err *err)
{
	static struct config config;
	int namespaces[SUPERVISE_NAMESPACE_COUNT];

	for (int i = 0; i < SUPERVISE_NAMESPACE_COUNT; i++)
		namespaces[i] = SUPERVISE_NAMESPACE_FD + i;
	if (config_read(".", &config, err) < 0 || enter_container(namespaces, config.container.name, err) < 0 ||
	    become_container_root(err) < 0)
		return -1;
	die_with(supervisor);
	if (payload_load(SUPERVISE_ENVIRONMENT_FD, PAYLOAD_HEALTHCHECK, &config.container, payload, err) < 0)
		return -1;
	syscall(SYS_close_range, 3U, ~0U, 0);
	if (capabilities_bound(payload->capabilities) < 0)
		return ct_fail_errno(err, "R004", "cannot give up capabilities");
	if (payload_find_user(payload, err) < 0)
		return -1;
	if (target->identity->kind != IDENTITY_CALLER && payload->uid != 0 &&
	    fchown(STDOUT_FILENO, payload->uid, payload->gid) < 0)
		return ct_fail_errno(err, "R004", "cannot give the output to the user of the command");
	return 0;
}

/* Its children as the kernel lists them (proc_tid_children(5)); the container cannot put anything else there. */
static void kill_children(pid_t command)
{
	static char path[64];
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int fd = -1;
	char *at, *end;

	/* It leads a session and a group of its own, which is most of it and needs no list. */
	kill(-command, SIGKILL);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)ct_read_all(fd, CHILDREN_LIMIT, &text);
	for (at = text.data; at && *at; at = end) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		if (pid > 0)
			kill((pid_t)pid, SIGKILL);
		end += strspn(end, " ");
	}
}

/* Each that dies leaves its own children to this process; it is over when there are none. */
static void kill_all(pid_t command)
{
	kill_children(command);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		kill_children(command);
}

static struct timespec time_left(int64_t until)
{
	int64_t left = until - ct_monotonic();

	if (left < 0)
		left = 0;
	return (struct timespec){ .tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND) };
}

/* false: its time is over. SIGCHLD is blocked. */
static bool wait_for(pid_t command, int64_t until, int *status)
{
	sigset_t child;
	pid_t ended;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		struct timespec left = time_left(until);

		while ((ended = waitpid(-1, status, WNOHANG)) > 0) {
			if (ended == command)
				return true;
		}
		if (sigtimedwait(&child, NULL, &left) < 0 && errno == EAGAIN)
			return false;
	}
}

/*
 * The second process. All it may do is to kill: whoever the command runs as, it is ended. That the time was over is told
 * by dying of SIGALRM, since every exit status may be the command's.
 */
static void serve(const struct payload *payload, int64_t until) __attribute__((noreturn));

static void serve(const struct payload *payload, int64_t until)
{
	struct ct_err err = CT_ERR_INIT;
	int exit_code = CT_EXIT_FAILED, status;
	sigset_t mask;
	pid_t command;
	bool in_time;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	command = payload_start(payload, &exit_code, &err);
	if (command < 0)
		give_up(&err, exit_code);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
	(void)capabilities_keep(UINT64_C(1) << 5);
	in_time = wait_for(command, until, &status);
	kill_all(command);
	if (!in_time) {
		kill(getpid(), SIGALRM);
		_exit(1);
	}
	_exit(WIFSIGNALED(status) ? CT_EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status));
}

void probe_process(const struct probe_target *target, int output)
{
	struct payload payload;
	struct ct_err err = CT_ERR_INIT;
	int64_t until = ct_monotonic() + target->timeout;
	int status = 0;
	pid_t supervisor = getppid(), second;

	title_set(&target->title, "ctst-probe");
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (connect_descriptors(output) < 0)
		_exit(CT_EXIT_CANNOT_EXECUTE);
	if (enter(target, supervisor, &payload, &err) < 0)
		give_up(&err, CT_EXIT_CANNOT_EXECUTE);
	second = fork();
	if (second == 0)
		serve(&payload, until);
	if (second < 0)
		_exit(CT_EXIT_CANNOT_EXECUTE);
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
	while (waitpid(second, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		kill(getpid(), SIGALRM);
	_exit(WIFSIGNALED(status) ? CT_EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status));
}
