#include "ctst-spawn/network/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/process.h"
#include "common/status.h"
#include "ctst-spawn/container_directory.h"
#include "ctst-spawn/identity.h"

void place_release(struct place *place)
{
	if (place->user >= 0)
		close(place->user);
	if (place->network >= 0)
		close(place->network);
	*place = (struct place)PLACE_NONE;
}

static int open_namespace(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_place(pid_t pid, struct place *place)
{
	place->network = open_namespace(pid, "net");
	if (place->network < 0)
		return -1;
	if (identity_is_root())
		return 0;
	place->user = open_namespace(pid, "user");
	return place->user < 0 ? -1 : 0;
}

static bool is_same(int fd, const char *path)
{
	struct stat one, other;

	return fstat(fd, &one) == 0 && stat(path, &other) == 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

static bool is_as_offline(const struct ct_state_entry *entry, bool offline)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct config config;
	bool same;

	if (config_read(entry->directory, &config, &ignored) < 0)
		return false;
	same = config.container.offline == offline;
	config_release(&config);
	return same;
}

static bool find_through(const struct ct_state_entry *entry, bool offline, struct place *place)
{
	struct ct_err ignored = CT_ERR_INIT;
	struct ct_process_id now;
	struct ct_status status;

	if (entry->address_count == 0 || ct_status_read(entry->directory, &status, &ignored) < 0 || !status.alive ||
	    status.supervisor.pid <= 0 || !is_as_offline(entry, offline))
		return false;
	/* Who it was is asked afterwards: what was opened is that process's then. */
	if (open_place(status.supervisor.pid, place) == 0 && !is_same(place->network, "/proc/self/ns/net") &&
	    ct_process_identify(status.supervisor.pid, &now) == 0 && now.start_time == status.supervisor.start_time)
		return true;
	place_release(place);
	return false;
}

bool place_find(const struct ct_state *state, bool offline, struct place *place)
{
	*place = (struct place)PLACE_NONE;
	for (size_t i = 0; i < state->count; i++) {
		if (find_through(&state->entries[i], offline, place))
			return true;
	}
	return false;
}

static void bring_loopback_up(void)
{
	ct_autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	(void)ioctl(fd, SIOCSIFFLAGS, &request);
}

/* In the new namespaces: they are kept until the parent has opened them. */
static void hold_namespaces(int wait_for) __attribute__((noreturn));

static void hold_namespaces(int wait_for)
{
	char byte;

	bring_loopback_up();
	(void)!read(wait_for, &byte, 1);
	_exit(0);
}

/* The same ids inside as outside, as far as the caller may: files stay whose they are. */
static int map_ids(pid_t child, struct ct_err *err)
{
	struct identity identity;
	int claim, status;

	if (identity_choose("", &identity, &claim, err) < 0)
		return -1;
	status = identity_map_same(&identity, child, err);
	if (claim >= 0)
		close(claim);
	return status;
}

int place_make(struct place *place, struct ct_err *err)
{
	bool root = identity_is_root();
	struct clone_args arguments = { .flags = CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER), .exit_signal = SIGCHLD };
	ct_autoclose int reader = -1, writer = -1;
	int ends[2], status = 0;
	pid_t child;

	*place = (struct place)PLACE_NONE;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_errno(err, "R011", "cannot make a pipe");
	reader = ends[0];
	writer = ends[1];
	child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		close(writer);
		hold_namespaces(reader);
	}
	if (child < 0) {
		bool full = errno == ENOSPC;

		ct_fail_errno(err, "R001", "cannot create the namespaces for the networks of the project");
		return full ? ct_err_hint(err, "a limit of /proc/sys/user/max_*_namespaces is reached")
			    : ct_err_hint(err, "'ctst doctor' tells which namespaces this host allows");
	}
	if (!root)
		status = map_ids(child, err);
	if (status == 0 && open_place(child, place) < 0) {
		status = ct_fail_errno(err, "R011", "cannot open the namespaces for the networks of the project");
		place_release(place);
	}
	close(ct_take_fd(&writer));
	(void)ct_process_wait(child);
	return status;
}
