#include "ctst-spawn/network/outbound.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"
#include "ctst-spawn/network/find_program.h"
#include "ctst-spawn/report.h"

#define ROUTES_LIMIT ((size_t)1 << 20)

/* In ctst-outbound: the namespaces and a pipe for one struct report. */
enum { REPORT_FD = 3, NETWORK_FD, USER_FD };

/* In a child of vfork(2); the three are above the numbers that they get. */
static int execute(char *const argv[], const int fds[3])
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	for (int i = 0; i < 3; i++) {
		if (dup2(fds[i], REPORT_FD + i) < 0)
			return errno;
	}
	execv(argv[0], argv);
	return errno;
}

static pid_t start(char *const argv[], const int fds[3])
{
	volatile int failure = 0;
	pid_t child = vfork();

	if (child == 0) {
		failure = execute(argv, fds);
		_exit(127);
	}
	if (child > 0 && failure) {
		(void)ct_process_wait(child);
		errno = failure;
		return -1;
	}
	return child;
}

/* Of /proc/net/route: interface, destination, …; proc_net(5). */
static bool is_default(const char *line)
{
	return strncmp(line + strcspn(line, "\t\n"), "\t00000000\t", 10) == 0;
}

/* Of /proc/net/ipv6_route: destination, its prefix, …, interface. The kernel's own on "lo" says that there is none. */
static bool is_default6(const char *line)
{
	size_t length = strcspn(line, "\n");

	return strncmp(line, "00000000000000000000000000000000 00 ", 36) == 0 && length > 3 &&
	       strncmp(line + length - 3, " lo", 3) != 0;
}

static bool has_route(const char *path, bool (*is_it)(const char *line))
{
	ct_autobuf text = CT_BUF_INIT;

	if (ct_read_file_at(AT_FDCWD, path, ROUTES_LIMIT, &text) < 0 || text.length == 0)
		return false;
	for (const char *line = text.data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (is_it(line))
			return true;
	}
	return false;
}

static bool host_has_way_out(void)
{
	return has_route("/proc/self/net/route", is_default) || has_route("/proc/self/net/ipv6_route", is_default6);
}

bool outbound_start(const struct place *place, const char *root, const char *name, struct ct_err *err)
{
	ct_autofree char *pasta = find_program("pasta");
	ct_autofree char *program = ct_asprintf("%s/ctst-outbound", ct_libexec_directory());
	char *argv[] = { program, pasta, (char *)(uintptr_t)root, (char *)(uintptr_t)name, NULL };
	ct_autoclose int reader = -1, writer = -1, network = -1, user = -1;
	struct report report;
	int ends[2];

	if (!pasta || access(OUTBOUND_DEVICE, R_OK | W_OK) < 0 || !host_has_way_out())
		return false;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		ct_fail_errno(err, "R011", "cannot make a pipe");
		return false;
	}
	reader = ends[0];
	writer = fcntl(ends[1], F_DUPFD_CLOEXEC, USER_FD + 1);
	close(ends[1]);
	network = fcntl(place->network, F_DUPFD_CLOEXEC, USER_FD + 1);
	user = fcntl(place->user, F_DUPFD_CLOEXEC, USER_FD + 1);
	if (writer < 0 || network < 0 || user < 0 || start(argv, (int[]){ writer, network, user }) < 0) {
		ct_fail_errno(err, "R011", "cannot start '%s'", program);
		return false;
	}
	close(ct_take_fd(&writer));
	if (report_receive(reader, &report) && report.kind == REPORT_STARTED)
		return true;
	ct_fail(err, "R011", "'%s' gives no way out", pasta);
	return false;
}

bool outbound_exists(void)
{
	ct_autobuf text = CT_BUF_INIT;

	return ct_read_file_at(AT_FDCWD, "/proc/self/net/route", ROUTES_LIMIT, &text) == 0 && text.length > 0 &&
	       strstr(text.data, "\n" OUTBOUND_INTERFACE "\t00000000\t");
}
