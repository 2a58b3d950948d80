/* Which system calls get through to the kernel. Their arguments are nonsense, so that what gets through does nothing. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/probe/probe.h"

#define NOWHERE ((void *)8)

static const struct {
	const char *name;
	long number;
	uint64_t arguments[5];
} calls[] = {
	{ "add_key", SYS_add_key, { 8, 8, 0, 0, 0 } },
	{ "request_key", SYS_request_key, { 8, 8, 8, 0, 0 } },
	{ "keyctl", SYS_keyctl, { 0, (uint64_t)-3, 0, 0, 0 } },
	{ "bpf", SYS_bpf, { 0, 8, 72, 0, 0 } },
	{ "perf_event_open", SYS_perf_event_open, { 8, 0, (uint64_t)-1, (uint64_t)-1, 0 } },
	{ "userfaultfd", SYS_userfaultfd, { 1, 0, 0, 0, 0 } },
	{ "io_uring_setup", 425, { 1, 8, 0, 0, 0 } },
	{ "mount", SYS_mount, { 8, 8, 8, 0, 0 } },
	{ "umount2", SYS_umount2, { 8, 0, 0, 0, 0 } },
	{ "pivot_root", SYS_pivot_root, { 8, 8, 0, 0, 0 } },
	{ "fsopen", 430, { 8, 0, 0, 0, 0 } },
	{ "open_tree", 428, { (uint64_t)-1, 8, 1, 0, 0 } },
	{ "move_mount", 429, { (uint64_t)-1, 8, (uint64_t)-1, 8, 0 } },
	{ "mount_setattr", 442, { (uint64_t)-1, 8, 0, 8, 32 } },
	{ "setns", SYS_setns, { (uint64_t)-1, 0, 0, 0, 0 } },
	{ "unshare_user", SYS_unshare, { CLONE_NEWUSER, 0, 0, 0, 0 } },
	{ "unshare_mount", SYS_unshare, { CLONE_NEWNS, 0, 0, 0, 0 } },
	{ "chroot", SYS_chroot, { 8, 0, 0, 0, 0 } },
	{ "init_module", SYS_init_module, { 8, 0, 8, 0, 0 } },
	{ "delete_module", SYS_delete_module, { 8, 0, 0, 0, 0 } },
	{ "kexec_load", SYS_kexec_load, { 0, 99, 8, 0, 0 } },
	{ "reboot", SYS_reboot, { 0, 0, 0, 0, 0 } },
	{ "swapon", SYS_swapon, { 8, 0, 0, 0, 0 } },
	{ "acct", SYS_acct, { 8, 0, 0, 0, 0 } },
	{ "settimeofday", SYS_settimeofday, { 8, 0, 0, 0, 0 } },
	{ "sethostname", SYS_sethostname, { 8, 1, 0, 0, 0 } },
	{ "syslog", SYS_syslog, { 10, 0, 0, 0, 0 } },
	{ "quotactl", SYS_quotactl, { (uint64_t)-1, 8, 0, 0, 0 } },
	{ "open_by_handle_at", SYS_open_by_handle_at, { (uint64_t)-1, 8, 0, 0, 0 } },
	{ "kcmp", SYS_kcmp, { 0, 0, 0, 0, 0 } },
	{ "pidfd_getfd", 438, { (uint64_t)-1, 0, 0, 0, 0 } },
	{ "process_madvise", 440, { (uint64_t)-1, 8, 1, 0, 0 } },
	{ "set_mempolicy", SYS_set_mempolicy, { 99, 0, 0, 0, 0 } },
	{ "migrate_pages", SYS_migrate_pages, { 0, 0, 8, 8, 0 } },
#ifdef SYS_iopl
	{ "iopl", SYS_iopl, { 3, 0, 0, 0, 0 } },
	{ "ioperm", SYS_ioperm, { 0x80, 1, 1, 0, 0 } },
	{ "modify_ldt", SYS_modify_ldt, { 0, 8, 0, 0, 0 } },
#endif
	{ "personality", SYS_personality, { ADDR_NO_RANDOMIZE, 0, 0, 0, 0 } },
	{ "ioctl_TIOCSTI", SYS_ioctl, { 0, 0x5412, 8, 0, 0 } },
	{ "ioctl_TIOCSTI_64bit", SYS_ioctl, { 0, 0x100005412, 8, 0, 0 } },
	{ "ioctl_TIOCLINUX", SYS_ioctl, { 0, 0x541c, 8, 0, 0 } },
	{ "ioctl_TIOCSETD", SYS_ioctl, { 0, 0x5423, 8, 0, 0 } },
	{ "socket_alg", SYS_socket, { 38, SOCK_SEQPACKET, 0, 0, 0 } },
	{ "socket_vsock", SYS_socket, { 40, SOCK_STREAM, 0, 0, 0 } },
	{ "socket_packet", SYS_socket, { 17, SOCK_RAW, 0, 0, 0 } },
	{ "socket_raw", SYS_socket, { 2, SOCK_RAW, 1, 0, 0 } },
	{ "socket_audit", SYS_socket, { 16, SOCK_RAW, 9, 0, 0 } },
	{ "socketpair_inet", SYS_socketpair, { 2, SOCK_STREAM, 0, 8, 0 } },
};

/* In a child: a call that gets through may change or end who makes it. What it says comes back by a pipe. */
static void in_child(const char *name, void (*act)(int, const void *), const void *argument)
{
	int ends[2], failure = 0, status;
	pid_t child;

	if (pipe(ends) < 0)
		return;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		act(ends[1], argument);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
		failure = -1;
	close(ends[0]);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		point(name, WTERMSIG(status) != SIGSYS, WTERMSIG(status) == SIGSYS ? "killed" : "a signal");
	else
		point_of_call(name, failure ? -1 : 0, failure);
}

static void tell(int fd, long result)
{
	int failure = result < 0 ? errno : 0;

	(void)!write(fd, &failure, sizeof(failure));
}

static void make_call(int fd, const void *argument)
{
	size_t i = *(const size_t *)argument;
	const uint64_t *a = calls[i].arguments;
	long result = syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]);

	/* NETLINK_AUDIT is refused with an error of its own, as podman does. */
	if (result < 0 && errno == EINVAL && calls[i].number == SYS_socket)
		errno = EAFNOSUPPORT;
	tell(fd, result);
}

static void clone_namespace(int fd, const void *argument)
{
	long result = syscall(SYS_clone, *(const unsigned long *)argument | SIGCHLD, 0, 0, 0, 0);

	if (result == 0)
		_exit(0);
	tell(fd, result);
}

static void clone3_namespace(int fd, const void *argument)
{
	uint64_t arguments[8] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
	long result;

	(void)argument;
	result = syscall(SYS_clone3, arguments, sizeof(arguments));
	if (result == 0)
		_exit(0);
	tell(fd, result);
}

#ifdef __x86_64__
/* getpid(2) of the i386 system calls. */
static void call_i386(int fd, const void *argument)
{
	long result = 20;

	(void)argument;
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	tell(fd, result < 0 ? -1 : 0);
}

static void call_x32(int fd, const void *argument)
{
	(void)argument;
	tell(fd, syscall(0x40000000 + SYS_getpid));
}
#endif

void probe_calls(void)
{
	unsigned long user = CLONE_NEWUSER, mount = CLONE_NEWNS;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		in_child(calls[i].name, make_call, &i);
	in_child("clone_user", clone_namespace, &user);
	in_child("clone_mount", clone_namespace, &mount);
	in_child("clone3_user", clone3_namespace, NULL);
#ifdef __x86_64__
	in_child("calls_of_i386", call_i386, NULL);
	in_child("calls_of_x32", call_x32, NULL);
#endif
}
