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
	copy = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, SUPERVISE_DIRECTORY_FD + 1);
	return copy;
}

/* In a child of vfork(2): nothing that allocates, failures through the parent's memory. */
static int execute(char *const argv[], int copy, int report, int directory)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	file_limit_restore();
	if (dup2(report, SUPERVISE_REPORT_FD) < 0 || dup2(directory, SUPERVISE_DIRECTORY_FD) < 0)
		return errno;
	if (copy >= 0)
		fexecve(copy, argv, environ);
	else
		execv(argv[0], argv);
	return errno;
}

/* -1 with errno, also of the child's execve(2). The child is not waited for: it outlives this program. */
static pid_t start(char *const argv[], int report, int directory)
{
	volatile int failure = 0;
	int copy = shared_copy(argv[0]);
	pid_t child = vfork();

	if (child == 0) {
		failure = execute(argv, copy, report, directory);
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

int launch_supervisor(const char *path, int directory, pid_t *pid, struct ct_err *err)
{
	ct_autofree char *program = ct_asprintf("%s/ctst-supervise", ct_libexec_directory());
	char *argv[] = { program, (char *)(uintptr_t)path, NULL };
	ct_autoclose int report = -1, writer = -1, high_directory = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_errno(err, "R004", "cannot create a pipe");
	report = ends[0];
	/* Above the numbers they get in the child, so that neither dup2(2) there closes the other's source. */
	writer = fcntl(ends[1], F_DUPFD_CLOEXEC, SUPERVISE_DIRECTORY_FD + 1);
	high_directory = fcntl(directory, F_DUPFD_CLOEXEC, SUPERVISE_DIRECTORY_FD + 1);
	close(ends[1]);
	if (writer < 0 || high_directory < 0)
		return ct_fail_errno(err, "R004", "cannot duplicate a descriptor");
	*pid = start(argv, writer, high_directory);
	if (*pid < 0)
		return ct_fail_errno(err, "R004", "cannot execute '%s'", program);
	return ct_take_fd(&report);
}
