#include "ctst-image/slim/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"

int root_open_directory(const char *path, struct ct_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ct_fail_errno(err, errno == ENOENT || errno == ENOTDIR ? "I001" : "I003",
				     "cannot open the directory '%s'", path);
	return fd;
}

/*
 * Names relative to the directory that all are in, so that no colon or comma of the project's path gets into the list.
 * Top one first, as the option wants it.
 */
static int list_layers(char *const *layers, size_t count, struct ct_buf *list)
{
	size_t parent = (size_t)(strrchr(layers[0], '/') - layers[0]);
	ct_autofree char *directory = ct_strndup(layers[0], parent);

	for (size_t i = count; i > 0; i--) {
		const char *slash = strrchr(layers[i - 1], '/');

		if ((size_t)(slash - layers[i - 1]) != parent || strncmp(layers[i - 1], directory, parent) != 0) {
			errno = EXDEV;
			return -1;
		}
		ct_buf_printf(list, "%s%s", list->length ? ":" : "", slash + 1);
	}
	return chdir(directory);
}

/* userxattr as for the container itself: the same whiteouts count. */
static int mount_layers(const char *list)
{
	ct_autoclose int context = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "lowerdir", list, 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

union fd_message {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* With the error's number beside it: a descriptor cannot be sent when there is none. */
static void send_fd(int socket, int fd)
{
	int number = fd < 0 ? errno : 0;
	struct iovec content = { &number, sizeof(number) };
	union fd_message control = { 0 };
	struct msghdr message = { .msg_iov = &content, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	(void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int receive_fd(int socket)
{
	int number = EIO, fd = -1;
	struct iovec content = { &number, sizeof(number) };
	union fd_message control = { 0 };
	struct msghdr message = {
		.msg_iov = &content, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(number))
		return -1;
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	if (fd < 0)
		errno = number ? number : EIO;
	return fd;
}

/* The mount outlives the namespace it was made in; only making it needs to be root there. */
static int mount_in_child(const char *list)
{
	int ends[2], fd;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		send_fd(ends[1], unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -1 : mount_layers(list));
		_exit(0);
	}
	close(ends[1]);
	fd = child < 0 ? -1 : receive_fd(ends[0]);
	close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

int root_open_layers(char *const *layers, size_t count, struct ct_err *err)
{
	ct_autobuf list = CT_BUF_INIT;
	ct_autoclose int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (count == 1)
		return root_open_directory(layers[0], err);
	if (list_layers(layers, count, &list) < 0)
		return ct_fail_errno(err, "I003", "cannot enter the directory of the layers");
	fd = geteuid() == 0 ? mount_layers(list.data) : mount_in_child(list.data);
	if (fd < 0)
		ct_fail_errno(err, "I003", "cannot show the %zu layers as one file system", count);
	if (here >= 0 && fchdir(here) < 0 && fd >= 0) {
		close(fd);
		return ct_fail_errno(err, "I003", "cannot go back to the current directory");
	}
	return fd < 0 ? ct_err_hint(err, "'ctst doctor' tells whether this kernel has OverlayFS") : fd;
}
