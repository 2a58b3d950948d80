#include "ctst-spawn/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/identity.h"
#include "ctst-spawn/sealed_copy.h"
#include "ctst-spawn/supervise.h"

#define INHERITED (SUPERVISE_LAST_FD - SUPERVISE_REPORT_FD + 1)

/* What the supervisor gets, from SUPERVISE_REPORT_FD on; -1: not. */
struct inheritance {
	int fds[INHERITED];
};

/*
 * Where supervisors run from a sealed copy of their program, all that this process starts run from the same one: it is in
 * memory once. -1: they run from the program's file.
 */
static int shared_copy(const char *program)
{
	static int copy = -1;
	ct_autoclose int file = -1, made = -1;

	if (copy >= 0 || identity_is_root())
		return copy;
	file = open(program, O_RDONLY | O_CLOEXEC);
	made = file < 0 ? -1 : sealed_copy_make(file, program);
	/* Above the numbers that execute() gives to others. */
	copy = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, SUPERVISE_LAST_FD + 1);
	return copy;
}

/* In a child of vfork(2): nothing that allocates, failures through the parent's memory. */
static int execute(char *const argv[], int copy, const struct inheritance *inheritance)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	file_limit_restore();
	for (int i = 0; i < INHERITED; i++) {
		/* What the caller's caller has left open there is none of the supervisor's. */
		if (inheritance->fds[i] < 0)
			close(SUPERVISE_REPORT_FD + i);
		else if (dup2(inheritance->fds[i], SUPERVISE_REPORT_FD + i) < 0)
			return errno;
	}
	if (copy >= 0)
		fexecve(copy, argv, environ);
	else
		execv(argv[0], argv);
	return errno;
}

/* -1 with errno, also of the child's execve(2). The child is not waited for: it outlives this program. */
static pid_t start(char *const argv[], const struct inheritance *inheritance)
{
	volatile int failure = 0;
	int copy = shared_copy(argv[0]);
	pid_t child = vfork();

	if (child == 0) {
		failure = execute(argv, copy, inheritance);
		_exit(127);
	}
	if (child > 0 && !failure)
		return child;
	if (child > 0) {
		waitpid(child, NULL, 0);
		errno = failure;
	}
	return -1;
}

/* Above the numbers they get in the child, so that no dup2(2) there closes another's source. -1 with errno. */
static int raise_all(struct inheritance *inheritance)
{
	int status = 0;

	for (int i = 0; i < INHERITED; i++) {
		if (inheritance->fds[i] < 0)
			continue;
		inheritance->fds[i] = fcntl(inheritance->fds[i], F_DUPFD_CLOEXEC, SUPERVISE_LAST_FD + 1);
		if (inheritance->fds[i] < 0)
			status = -1;
	}
	return status;
}

int launch_supervisor(const char *path, int directory, const struct place *place, pid_t *pid, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-supervise", ct_libexec_directory());
	char *argv[] = { program, (char *)(uintptr_t)path, NULL };
	struct inheritance inheritance = { { -1, directory, place->network, place->user } };
	ct_autoclose int report = -1, writer = -1;
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_errno(err, "R004", "cannot create a pipe");
	report = ends[0];
	writer = ends[1];
	inheritance.fds[0] = writer;
	status = raise_all(&inheritance);
	if (status < 0)
		ct_fail_errno(err, "R004", "cannot duplicate a descriptor");
	else
		*pid = start(argv, &inheritance);
	if (status == 0 && *pid < 0)
		status = ct_fail_errno(err, "R004", "cannot execute '%s'", program);
	for (int i = 0; i < INHERITED; i++) {
		if (inheritance.fds[i] >= 0)
			close(inheritance.fds[i]);
	}
	return status < 0 ? -1 : ct_take_fd(&report);
}
