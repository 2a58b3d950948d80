#include "ctst-spawn/exec/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/capabilities.h"
#include "ctst-spawn/descriptors.h"
#include "ctst-spawn/enter.h"
#include "ctst-spawn/keyring.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/serve.h"

/* Where the socket is put, so that all other descriptors can be closed. */
#define SOCKET_FD 64

/* ptmx(4): the master side of any pseudo-terminal. */
#define PTMX_DEVICE makedev(5, 2)

#define MOST_ENDS 3

static int enter(const struct inside *inside, struct ct_err *err)
{
	struct payload *payload = inside->payload;

	if (leave_keyring("R008", err) < 0 ||
	    enter_container(inside->target->namespaces, inside->target->config.container.name, err) < 0 ||
	    become_container_root(err) < 0)
		return -1;
	die_with_peer(SOCKET_FD);
	/* The ways to the host that entering took. */
	syscall(SYS_close_range, 3U, SOCKET_FD - 1U, 0);
	syscall(SYS_close_range, SOCKET_FD + 1U, ~0U, 0);
	if (capabilities_bound(payload->capabilities) < 0)
		return ct_fail_errno(err, "R008", "cannot give up capabilities");
	return payload_find_user(payload, err);
}

/* Of the container's own file system of terminals, whatever was put in its place. -1 with errno. */
static int open_master(void)
{
	ct_autoclose int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	struct statfs system;
	int locked = 0;

	if (master < 0 || fstat(master, &status) < 0 || fstatfs(master, &system) < 0)
		return -1;
	if (!S_ISCHR(status.st_mode) || status.st_rdev != PTMX_DEVICE || system.f_type != DEVPTS_SUPER_MAGIC) {
		errno = ENOTTY;
		return -1;
	}
	if (ioctl(master, TIOCSPTLCK, &locked) < 0)
		return -1;
	return ct_take_fd(&master);
}

/* Keys and character set as the caller has them; everything else as the kernel makes a new terminal. */
static void copy_settings(const struct terminal *caller, int terminal)
{
	struct winsize size;
	struct termios settings;

	if (terminal_size(caller, &size))
		(void)ioctl(terminal, TIOCSWINSZ, &size);
	if (caller->keyboard < 0 || tcgetattr(terminal, &settings) < 0)
		return;
	settings.c_iflag |= caller->original.c_iflag & IUTF8;
	/* All but these two are keys; they say how much a raw read waits for. */
	for (int key = 0; key < NCCS; key++) {
		if (key != VMIN && key != VTIME)
			settings.c_cc[key] = caller->original.c_cc[key];
	}
	(void)tcsetattr(terminal, TCSANOW, &settings);
}

/* The command's side is opened through the master: no path of the container leads anywhere else. */
static int make_terminal(const struct inside *inside, int ends[MOST_ENDS], struct ct_err *err)
{
	ct_autoclose int slave = -1;

	ends[0] = open_master();
	if (ends[0] >= 0)
		slave = ioctl(ends[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return ct_fail_errno(err, "R008", "cannot make a terminal in '%s'",
				     inside->target->config.container.name);
	copy_settings(inside->caller, slave);
	if (inside->payload->uid != 0 && fchown(slave, inside->payload->uid, (gid_t)-1) < 0)
		return ct_fail_errno(err, "R008", "cannot give the terminal to the user of the command");
	if (dup2(slave, STDIN_FILENO) < 0 || dup2(slave, STDOUT_FILENO) < 0 || dup2(slave, STDERR_FILENO) < 0)
		return ct_fail_errno(err, "R008", "cannot connect the terminal");
	inside->payload->terminal = true;
	return 1;
}

/*
 * `side` is the command's: 0 to read, 1 to write. A program that opens /dev/stdout opens the pipe's inode anew, with its own
 * rights, so the pipe belongs to its user. Returns the other side, which does not block; -1 with errno.
 */
static int connect_pipe(const struct inside *inside, int side, int descriptor)
{
	ct_autoclose int theirs = -1, ours = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	theirs = ends[side];
	ours = ends[!side];
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0 || dup2(theirs, descriptor) < 0)
		return -1;
	if (inside->payload->uid != 0 && fchown(theirs, inside->payload->uid, inside->payload->gid) < 0)
		return -1;
	return ct_take_fd(&ours);
}

static int connect_null(int descriptor)
{
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || dup2(null, descriptor) < 0 ? -1 : 0;
}

static int make_pipes(const struct inside *inside, int ends[MOST_ENDS], struct ct_err *err)
{
	int count = 0;

	if (inside->input)
		ends[count++] = connect_pipe(inside, 0, STDIN_FILENO);
	else if (connect_null(STDIN_FILENO) < 0)
		return ct_fail_errno(err, "R008", "cannot open /dev/null");
	ends[count++] = connect_pipe(inside, 1, STDOUT_FILENO);
	if (!inside->one_output)
		ends[count++] = connect_pipe(inside, 1, STDERR_FILENO);
	else if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		ends[count - 1] = -1;
	for (int i = 0; i < count; i++) {
		if (ends[i] < 0)
			return ct_fail_errno(err, "R008", "cannot create a pipe");
	}
	return count;
}

/* With a terminal this process keeps it open: a command that closes it for a moment does not lose it. */
static void let_go(const struct inside *inside)
{
	syscall(SYS_close_range, 3U, SOCKET_FD - 1U, 0);
	for (int descriptor = 0; !inside->terminal && descriptor < 3; descriptor++)
		(void)connect_null(descriptor);
	/* Signals go to a command of any user; everything else this process could do is given up. */
	(void)capabilities_keep(UINT64_C(1) << 5);
}

static pid_t start(const struct inside *inside, int *exit_code, struct ct_err *err)
{
	int ends[MOST_ENDS];
	int count;
	pid_t command;

	if (enter(inside, err) < 0)
		return -1;
	count = inside->terminal ? make_terminal(inside, ends, err) : make_pipes(inside, ends, err);
	if (count < 0)
		return -1;
	command = payload_start(inside->payload, exit_code, err);
	if (command < 0)
		return -1;
	report_send(SOCKET_FD, REPORT_STARTED, 0, NULL);
	if (descriptors_send(SOCKET_FD, ends, (size_t)count) < 0)
		_exit(CT_EXIT_FAILED);
	let_go(inside);
	return command;
}

static void inside_run(const struct inside *inside, int socket) __attribute__((noreturn));

static void inside_run(const struct inside *inside, int socket)
{
	struct ct_err err = CT_ERR_INIT;
	int exit_code = CT_EXIT_FAILED, status;
	sigset_t all;
	pid_t command;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	if (dup3(socket, SOCKET_FD, O_CLOEXEC) != SOCKET_FD)
		_exit(CT_EXIT_FAILED);
	command = start(inside, &exit_code, &err);
	if (command < 0) {
		report_send(SOCKET_FD, REPORT_FAILED, exit_code, &err);
		_exit(CT_EXIT_FAILED);
	}
	status = serve(command);
	_exit(WIFSIGNALED(status) ? CT_EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status));
}

static int cannot_create(const struct target *target, struct ct_err *err)
{
	/* cgroups(7): the group has been removed. */
	if (errno == ENODEV)
		return target_has_ended(target, err);
	if (errno == EACCES || errno == EPERM) {
		ct_fail_errno(err, "R002", "cannot create a process in the cgroup '%s'", target->status.cgroup);
		return ct_err_hint(
			err, "without root this works only from where 'ctst run' was called: the same login session");
	}
	return ct_fail_errno(err, "R008", "cannot create a process");
}

int inside_start(const struct inside *inside, struct inside_process *process, struct ct_err *err)
{
	struct clone_args arguments = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&process->pidfd,
		.exit_signal = SIGCHLD,
	};
	int ends[2];
	long child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return ct_fail_errno(err, "R008", "cannot create a socket");
	if (inside->target->cgroup >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)inside->target->cgroup;
	}
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		close(ends[0]);
		inside_run(inside, ends[1]);
	}
	if (child < 0)
		return cannot_create(inside->target, err);
	close(ends[1]);
	process->pid = (pid_t)child;
	process->socket = ends[0];
	return 0;
}

int inside_receive(const struct inside *inside, int socket, struct inside_ends *ends, struct ct_err *err)
{
	int wanted = inside->terminal ? 1 : inside->input + 1 + !inside->one_output;
	int received[MOST_ENDS];
	struct report report;

	*ends = (struct inside_ends){ -1, -1, -1 };
	if (!report_receive(socket, &report))
		return target_has_ended(inside->target, err);
	if (report.kind != REPORT_STARTED) {
		if (!target_lives(inside->target))
			return target_has_ended(inside->target, err);
		report_error(&report, err);
		strcpy(err->code, "R008");
		err->exit_status = report.exit_code;
		return -1;
	}
	if (descriptors_receive(socket, received, MOST_ENDS) != wanted)
		return target_has_ended(inside->target, err);
	if (inside->terminal) {
		*ends = (struct inside_ends){ received[0], received[0], received[0] };
		return 0;
	}
	if (inside->input)
		ends->input = received[0];
	ends->output = received[inside->input];
	if (!inside->one_output)
		ends->error_output = received[inside->input + 1];
	return 0;
}
