#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"

/* Field 22 counted behind the last ')', for the command name may hold anything (proc_pid_stat(5)). */
static int parse_start_time(const char *stat, uint64_t *start_time)
{
	const char *at = strrchr(stat, ')');
	char *end;

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -1;
	*start_time = strtoull(at + 1, &end, 10);
	return *end == ' ' ? 0 : -1;
}

int ct_process_identify(pid_t pid, struct ct_process_id *id)
{
	char path[64], stat[1024];
	ct_autoclose int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		errno = errno == ENOENT ? ESRCH : errno;
		return -1;
	}
	length = read(fd, stat, sizeof(stat) - 1);
	if (length <= 0) {
		errno = ESRCH;
		return -1;
	}
	stat[length] = '\0';
	id->pid = pid;
	if (parse_start_time(stat, &id->start_time) < 0) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

/* The pidfd first, then the look at the start time: what the pidfd means cannot change any more. */
int ct_process_open(const struct ct_process_id *id)
{
	struct ct_process_id now;
	ct_autoclose int pidfd = -1;

	if (id->pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	pidfd = (int)syscall(SYS_pidfd_open, id->pid, 0);
	if (pidfd < 0 || ct_process_identify(id->pid, &now) < 0)
		return -1;
	if (now.start_time != id->start_time) {
		errno = ESRCH;
		return -1;
	}
	return ct_take_fd(&pidfd);
}

int ct_pidfd_signal(int pidfd, int signal, int value)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, &info, 0);
}

/*
 * In the child: no malloc, no stdio; on failure errno goes up the pipe. The mask
 * and SIGPIPE are as a program expects them, whatever this process has set. `tied_to`: the
 * process whose end the child is told of; 0: none.
 */
static void exec_child(char *const argv[], int stdin_fd, int stdout_fd, int report_fd, pid_t tied_to)
	__attribute__((noreturn));

static void exec_child(char *const argv[], int stdin_fd, int stdout_fd, int report_fd, pid_t tied_to)
{
	sigset_t none;
	int failure;

	/* A parent that has ended before prctl(2) tells nobody any more. */
	if (tied_to && (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != tied_to))
		_exit(127);
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if ((stdin_fd < 0 || dup2(stdin_fd, STDIN_FILENO) >= 0) &&
	    (stdout_fd < 0 || dup2(stdout_fd, STDOUT_FILENO) >= 0))
		execv(argv[0], argv);
	failure = errno;
	(void)ct_write_all(report_fd, &failure, sizeof(failure));
	_exit(127);
}

static pid_t start(char *const argv[], int stdin_fd, int stdout_fd, pid_t tied_to)
{
	int report[2], failure = 0;
	ssize_t got;
	pid_t child;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -1;
	/* The child borrows our memory until it has executed: no page tables are copied. */
	child = vfork();
	if (child == 0)
		exec_child(argv, stdin_fd, stdout_fd, report[1], tied_to);
	close(report[1]);
	if (child < 0) {
		failure = errno;
	} else {
		do
			got = read(report[0], &failure, sizeof(failure));
		while (got < 0 && errno == EINTR);
		if (got == (ssize_t)sizeof(failure))
			ct_process_wait(child);
		else
			failure = 0;
	}
	close(report[0]);
	errno = failure;
	return failure ? -1 : child;
}

pid_t ct_process_start(char *const argv[], int stdin_fd, int stdout_fd)
{
	return start(argv, stdin_fd, stdout_fd, 0);
}

pid_t ct_process_start_tied(char *const argv[], int stdin_fd, int stdout_fd)
{
	return start(argv, stdin_fd, stdout_fd, getpid());
}

int ct_process_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 1;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

const char *ct_libexec_directory(void)
{
	const char *set = getenv("CONTAINUST_LIBEXEC");

	return set && set[0] == '/' ? set : CT_LIBEXEC_DIRECTORY;
}

const char *ct_data_directory(void)
{
	const char *set = getenv("CONTAINUST_DATADIR");

	return set && set[0] == '/' ? set : CT_DATA_DIRECTORY;
}
