#include "ctst-spawn/init.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "ctst-spawn/capabilities.h"
#include "ctst-spawn/descriptors.h"
#include "ctst-spawn/enter.h"
#include "ctst-spawn/idle_memory.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/rootfs.h"
#include "ctst-spawn/sealed_payload.h"
#include "ctst-spawn/serve.h"
#include "ctst-spawn/sources.h"
#include "ctst-spawn/title.h"

int init_send_trees(int socket, const int *trees, size_t count, struct ct_err *err)
{
	if (descriptors_send(socket, trees, count) < 0)
		return ct_fail_errno(err, "R001", "cannot reach the container's first process");
	return 0;
}

static int bring_loopback_up(struct ct_err *err)
{
	ct_autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return ct_fail_errno(err, "R011", "cannot find the loopback interface");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return ct_fail_errno(err, "R011", "cannot bring the loopback interface up");
	return 0;
}

/* What needs the new namespaces only: it is done while the supervisor still writes the id maps. */
static int prepare_namespaces(const struct init *init, struct ct_err *err)
{
	/* The cgroup namespace takes the group this process is in by now as its root (cgroup_namespaces(7)). */
	if (unshare(CLONE_NEWCGROUP) < 0)
		return ct_fail_errno(err, "R001", "cannot create a cgroup namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return ct_fail_errno(err, "R003", "cannot make the mounts private");
	if (init->own_network && bring_loopback_up(err) < 0)
		return -1;
	if (sethostname(init->hostname, strlen(init->hostname)) < 0)
		return ct_fail_errno(err, "R001", "cannot set the host name '%s'", init->hostname);
	if (capabilities_bound(init->config->container.capabilities) < 0)
		return ct_fail_errno(err, "R004", "cannot give up capabilities");
	return 0;
}

/* The supervisor is waited for; when it is gone, so is the reason for this process. */
static void await_supervisor(int socket, int *trees)
{
	if (descriptors_receive(socket, trees, CONTAINER_MOST_TREES) < 0)
		_exit(1);
}

static int write_setting(const char *path, const char *text)
{
	ct_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/*
 * A process without capabilities gets all of them in a user namespace of its own, and with them much of the kernel to
 * try things on. The limit is this namespace's (namespaces(7)); only a capability that nobody in it keeps can raise it.
 */
static int forbid_user_namespaces(void)
{
	return write_setting("/proc/sys/user/max_user_namespaces", "0");
}

/*
 * The network namespace is the container's alone: low ports and ping(8) need no privilege in it. A kernel that does not
 * have these goes on asking for one.
 */
static void open_network(const struct init *init)
{
	if (!init->own_network)
		return;
	(void)write_setting("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	if (write_setting("/proc/sys/net/ipv4/ping_group_range", "0 65535") < 0)
		(void)write_setting("/proc/sys/net/ipv4/ping_group_range", "0 0");
}

static int isolate(struct init *init, struct ct_err *err)
{
	ct_autoclose int place = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int trees[CONTAINER_MOST_TREES];
	char unmapped[MOUNT_TYPE_SIZE];
	size_t layers = init->config->container.layer_count;
	struct rootfs rootfs = {
		.container = &init->config->container, .layers = trees, .mounts = trees + layers, .writable = -1
	};

	if (place < 0)
		return ct_fail_errno(err, "R003", "cannot open the container's directory");
	if (prepare_namespaces(init, err) < 0)
		return -1;
	await_supervisor(init->socket, trees);
	/* Without a range of ids nothing needs to be mapped, and this process may open the trees itself. */
	if (!init->range && sources_open(&init->config->container, init->writable, -1, trees, unmapped, err) < 0)
		return -1;
	/* Nobody of the host any more. */
	if (become_container_root(err) < 0)
		return -1;
	die_with_peer(init->socket);
	if (forbid_user_namespaces() < 0)
		return ct_fail_errno(err, "R001", "cannot forbid user namespaces inside the container");
	open_network(init);
	if (rootfs_prepare(place, init->hostname, &init->network->files, err) < 0)
		return -1;
	if (init->range)
		await_supervisor(init->socket, trees);
	if (init->writable)
		rootfs.writable = trees[layers + init->config->container.mount_count];
	if (rootfs_enter(&rootfs, err) < 0)
		return -1;
	await_supervisor(init->socket, trees);
	return 0;
}

static int connect_output(const struct init *init, const struct payload *payload, struct ct_err *err)
{
	ct_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(init->output, STDOUT_FILENO) < 0 ||
	    dup2(init->error_output, STDERR_FILENO) < 0)
		return ct_fail_errno(err, "R004", "cannot connect the output");
	if (init->many_ids && payload->uid != 0 &&
	    (fchown(STDOUT_FILENO, payload->uid, payload->gid) < 0 ||
	     fchown(STDERR_FILENO, payload->uid, payload->gid) < 0))
		return ct_fail_errno(err, "R004", "cannot give the output to the user of the command");
	return 0;
}

/* The numbers of the descriptors that this process keeps; everything it opens for a while gets lower or higher ones. */
enum { FIRST = 64, KEPT = 4 };

static void close_others(void)
{
	syscall(SYS_close_range, 3U, (unsigned)FIRST - 1, 0);
	syscall(SYS_close_range, (unsigned)FIRST + KEPT, ~0U, 0);
}

/*
 * Keeps the few descriptors it needs and closes all others at once: while this
 * process held the supervisor's pipes and lock, nobody would see them end.
 */
static void keep_own_descriptors(struct init *init)
{
	int *kept[KEPT] = { &init->socket, &init->output, &init->error_output, &init->commands };

	for (int i = 0; i < KEPT; i++) {
		*kept[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC, FIRST);
		if (*kept[i] != FIRST + i)
			_exit(1);
	}
	close_others();
}

/* From here on signals wait until serve() takes them. */
static void close_off(struct init *init)
{
	sigset_t all;

	title_set(&init->title, "ctst-init");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	keep_own_descriptors(init);
}

void init_run(struct init *init)
{
	static struct ct_err err; /* not on the stack, which would be larger by it for ever */
	struct payload payload;
	int exit_code = CT_EXIT_FAILED;
	int status;
	pid_t command;

	close_off(init);
	if (isolate(init, &err) < 0 ||
	    payload_load(init->commands, PAYLOAD_COMMAND, &init->config->container, &payload, &err) < 0 ||
	    payload_find_user(&payload, &err) < 0 ||
	    volumes_give(&init->config->container, payload.uid, payload.gid, &err) < 0 ||
	    connect_output(init, &payload, &err) < 0) {
		report_send(init->socket, REPORT_FAILED, exit_code, &err);
		_exit(1);
	}
	/* The ways to the host that building the file tree took. */
	close_others();
	command = payload_start(&payload, &exit_code, &err);
	if (command < 0) {
		report_send(init->socket, REPORT_FAILED, exit_code, &err);
		_exit(1);
	}
	/* Only the payload may hold its output open, or the supervisor would never see its end. */
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
	close(init->output);
	close(init->error_output);
	close(init->commands);
	payload_release(&payload);
	config_release(init->config);
	free(init->hostname);
	network_release(init->network);
	/* Signals go to a payload of any user; everything else this process could do is given up. */
	(void)capabilities_keep(UINT64_C(1) << 5);
	report_send(init->socket, REPORT_STARTED, 0, NULL);
	idle_memory_give_back();
	status = serve(command);
	report_send(init->socket, REPORT_ENDED, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
		    NULL);
	_exit(0);
}
