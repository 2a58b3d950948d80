/*
 * ctst-supervise: the parent of one container. It starts it, writes its log, restarts
 * it by its policy, records how it ended, and ends with it. It has no socket; it is
 * controlled by two signals:
 *
 *	SIGTERM   stop the container; the value of sigqueue(3) is the number of
 *	          seconds after which it is killed (10 without one, 0: at once)
 *	SIGUSR1   kill it at once: a SIGTERM is lost while another one is pending (signal(7)),
 *	          and whoever forces a stop must not wait for one that has patience
 *
 * From ctst-spawn it inherits descriptor 3, a pipe for reports, and 4, the container's
 * directory with the lock that says that a supervisor lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/keyring.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/sealed_copy.h"
#include "ctst-spawn/sealed_payload.h"
#include "ctst-spawn/sources.h"
#include "ctst-spawn/supervise.h"
#include "ctst-spawn/supervisor.h"

static int supervisor_fail(struct supervisor *supervisor, int exit_code, const struct ct_err *err)
{
	(void)cgroup_remove(supervisor->group);
	supervisor_record_failure(supervisor, exit_code, err);
	return -1;
}

static int seal(const struct container *container, struct ct_err *err)
{
	ct_autoclose int fd = payload_seal(container, err);

	if (fd < 0)
		return -1;
	return dup3(fd, SUPERVISE_ENVIRONMENT_FD, O_CLOEXEC) < 0
		       ? ct_fail_errno(err, "R004", "cannot keep the environment")
		       : 0;
}

static int load(struct supervisor *supervisor, const char *path, struct ct_err *err)
{
	if (fchdir(supervisor->directory) < 0)
		return ct_fail_errno(err, "S003", "cannot open '%s'", path);
	if (leave_keyring("R001", err) < 0 || supervisor_read_config(supervisor, err) < 0 ||
	    network_open(&supervisor->network, &supervisor->config, err) < 0 ||
	    seal(&supervisor->config.container, err) < 0)
		return -1;
	if (identity_choose(supervisor->config.id, &supervisor->identity, &supervisor->claim, err) < 0)
		return -1;
	if (!supervisor->config.container.readonly && sources_make_writable(&supervisor->identity, err) < 0)
		return -1;
	if (log_writer_open(&supervisor->log, supervisor->directory) < 0)
		return ct_fail_errno(err, "S003", "cannot open '%s/" LOG_FILE "'", path);
	if (cgroup_create(&supervisor->config.container, path, supervisor->group, sizeof(supervisor->group),
			  &supervisor->cgroup, supervisor->config.may_go_unlimited ? supervisor->unlimited : NULL,
			  err) < 0)
		return -1;
	memcpy(supervisor->status.cgroup, supervisor->group, sizeof(supervisor->status.cgroup));
	return 0;
}

/*
 * What init said before it went is the cause; that it could not be reached any more, which is in `noticed`, is only how that
 * came to light.
 */
static const struct ct_err *reason(const struct supervisor *supervisor)
{
	return supervisor->failure.message[0] ? &supervisor->failure : &supervisor->noticed;
}

static int supervise(struct supervisor *supervisor)
{
	struct ct_err *err = &supervisor->noticed;
	bool again;

	for (;;) {
		if (!supervisor->hostname && supervisor_read_config(supervisor, err) < 0)
			return supervisor_fail(supervisor, CT_EXIT_FAILED, err);
		if (run_start(supervisor, err) < 0) {
			run_finish(supervisor);
			return supervisor_fail(supervisor, CT_EXIT_FAILED, reason(supervisor));
		}
		if (!run_watch(supervisor)) {
			run_finish(supervisor);
			return supervisor_fail(supervisor, supervisor->exit_code, &supervisor->failure);
		}
		again = supervisor_wants_restart(supervisor);
		if (!supervisor->ended || again)
			run_finish(supervisor);
		if (!supervisor->reported) {
			ct_fail(err, "R004", "the container's first process was %s before the command ran",
				supervisor->stop_asked ? "stopped" : "killed");
			return supervisor_fail(supervisor, supervisor->exit_code, reason(supervisor));
		}
		if (!again)
			break;
		supervisor_record_restart(supervisor);
		supervisor_wait_before_restart(supervisor);
		if (supervisor->stop_asked)
			break;
	}
	supervisor_record_end(supervisor);
	run_finish(supervisor);
	(void)log_writer_settle(&supervisor->log);
	return cgroup_remove(supervisor->group);
}

/* A session of its own, no terminal, nothing of the caller's open but the two descriptors it was given. */
static int detach(struct supervisor *supervisor)
{
	sigset_t mask;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	/* A program that was executed by its descriptor has the number of that for a name. */
	prctl(PR_SET_NAME, "ctst-supervise", 0, 0, 0);
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log that may not grow is a full disk, see log_writer.h */
	signal(SIGINT, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGUSR1);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    sigprocmask(SIG_SETMASK, &mask, NULL) < 0)
		return -1;
	if (null > 2)
		close(null);
	syscall(SYS_close_range, (unsigned)SUPERVISE_LAST_FD + 1, ~0U, 0);
	for (int fd = SUPERVISE_REPORT_FD; fd <= SUPERVISE_LAST_FD; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	umask(022);
	file_limit_raise();
	supervisor->signals = signalfd(-1, &mask, SFD_CLOEXEC);
	return supervisor->signals < 0 ? -1 : 0;
}

static const struct ct_program program = {
	.name = "ctst-supervise",
	.synopsis = "DIRECTORY",
	.summary = "be the parent of one container; started by ctst-spawn with a report pipe and a lock",
	.starts_containers = true,
};

/* Not on the stack: what is never written here is no memory. */
static struct supervisor supervisor;

static void supervisor_init(void)
{
	supervisor.status = (struct ct_status){ .state = CT_CREATED, .exit_code = -1 };
	supervisor.directory = SUPERVISE_DIRECTORY_FD;
	supervisor.log.file = -1;
	supervisor.signals = supervisor.cgroup = supervisor.claim = supervisor.pidfd = supervisor.socket = -1;
	supervisor.network = (struct network)NETWORK_INIT;
	supervisor.output.input = supervisor.error_output.input = -1;
	supervisor.probe.pidfd = supervisor.probe.output = -1;
}

int main(int argc, char **argv)
{
	struct ct_err *err = &supervisor.noticed;
	struct stat inherited;
	int operand = ct_options_parse(&program, argc, argv);
	int status;

	supervisor_init();
	if (operand + 1 != argc)
		ct_usage_error(&program, "expected the directory of a container");
	if (fstat(SUPERVISE_REPORT_FD, &inherited) < 0 || fstat(SUPERVISE_DIRECTORY_FD, &inherited) < 0)
		ct_usage_error(&program, "this is a part of ctst-spawn and cannot be started by hand");
	if (run_from_sealed_copy(argv) < 0) {
		cannot_run_sealed("R004", err);
		report_send(SUPERVISE_REPORT_FD, REPORT_FAILED, CT_EXIT_FAILED, err);
		return CT_EXIT_FAILED;
	}
	supervisor.title = title_find(argc, argv);
	if (detach(&supervisor) < 0)
		return CT_EXIT_FAILED;
	status = load(&supervisor, argv[operand], err) < 0 ? supervisor_fail(&supervisor, CT_EXIT_FAILED, err)
							   : supervise(&supervisor);
	network_close(&supervisor.network);
	return status < 0 ? CT_EXIT_FAILED : CT_EXIT_OK;
}
