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
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/options.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/expand.h"
#include "ctst-spawn/file_limit.h"
#include "ctst-spawn/health/checks.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/sealed_copy.h"
#include "ctst-spawn/sources.h"
#include "ctst-spawn/supervise.h"
#include "ctst-spawn/supervisor.h"

#define FIRST_DELAY (100 * MILLISECOND)
#define LONGEST_DELAY (60 * SECOND)
#define LONG_ENOUGH_UP (10 * SECOND) /* after which the delay begins anew */

static int supervisor_fail(struct supervisor *supervisor, int exit_code, const struct ct_err *err)
{
	(void)cgroup_remove(supervisor->group);
	supervisor->status.cgroup[0] = '\0';
	supervisor->status.state = CT_FAILED;
	supervisor->status.exit_code = exit_code;
	supervisor->status.finished_at = ct_now();
	supervisor->status.init.pid = 0;
	snprintf(supervisor->status.error, sizeof(supervisor->status.error), "%s", err->message);
	supervisor_write_status(supervisor);
	supervisor_event(supervisor, CT_EVENT_DIED);
	report_send(SUPERVISE_REPORT_FD, supervisor->reported ? REPORT_ENDED : REPORT_FAILED, exit_code, err);
	return -1;
}

/* What the parser checked may have become something else by ${env.…}; it goes into /etc/hosts. */
static bool is_host_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t length = strlen(name);

	return length > 0 && length <= 63 && strspn(name, letters) == length && name[0] != '-' && name[0] != '.';
}

static int keep_environment(const struct payload *payload)
{
	ct_autoclose int fd = payload_save(payload);

	return fd < 0 || dup3(fd, SUPERVISE_ENVIRONMENT_FD, O_CLOEXEC) < 0 ? -1 : 0;
}

static int load(struct supervisor *supervisor, const char *path, struct ct_err *err)
{
	if (fchdir(supervisor->directory) < 0)
		return ct_fail_errno(err, "S003", "cannot open '%s'", path);
	if (config_read(".", &supervisor->config, err) < 0 || sources_prepare(&supervisor->config, err) < 0 ||
	    payload_prepare(&supervisor->config.container, &supervisor->payload, err) < 0 ||
	    checks_prepare(supervisor, err) < 0)
		return -1;
	supervisor->hostname = expand_template(supervisor->config.container.hostname, err);
	if (!supervisor->hostname)
		return -1;
	if (!is_host_name(supervisor->hostname))
		return ct_fail(err, "R004", "'%.100s' is not a host name of at most 63 letters, digits, '-' and '.'",
			       supervisor->hostname);
	if (keep_environment(&supervisor->payload) < 0)
		return ct_fail_errno(err, "R004", "cannot keep the environment");
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

static bool wants_restart(const struct supervisor *supervisor)
{
	bool failed = supervisor->exit_code != 0 || supervisor->sick;

	return supervisor_may_restart(supervisor) && (failed || supervisor->config.container.restart == RESTART_ALWAYS);
}

/* The delay before the next start; a signal to stop ends it. */
static void wait_before_restart(struct supervisor *supervisor)
{
	int64_t until;

	if (ct_monotonic() - supervisor->started >= LONG_ENOUGH_UP || supervisor->delay == 0)
		supervisor->delay = FIRST_DELAY;
	until = ct_monotonic() + supervisor->delay;
	supervisor->delay = supervisor->delay * 2 < LONGEST_DELAY ? supervisor->delay * 2 : LONGEST_DELAY;
	while (!supervisor->stop_asked && ct_monotonic() < until) {
		struct pollfd watch = { .fd = supervisor->signals, .events = POLLIN };

		if (poll(&watch, 1, timeout_until(until)) > 0)
			supervisor_on_signal(supervisor);
	}
}

static void record_end(struct supervisor *supervisor, enum ct_run_state state)
{
	struct ct_status *status = &supervisor->status;

	status->state = state;
	status->exit_code = supervisor->exit_code;
	status->finished_at = ct_now();
	status->init.pid = 0;
	status->health = CT_HEALTH_NONE;
	supervisor_write_status(supervisor);
	supervisor_event(supervisor, supervisor->stop_asked ? CT_EVENT_STOPPED : CT_EVENT_DIED);
}

/* The last run is over: that is written down and told before the kernel has taken the namespaces apart. */
static void conclude(struct supervisor *supervisor)
{
	supervisor->status.cgroup[0] = '\0';
	record_end(supervisor, supervisor->stop_asked || supervisor->exit_code == 0 ? CT_STOPPED : CT_FAILED);
	report_send(SUPERVISE_REPORT_FD, REPORT_ENDED, supervisor->exit_code, NULL);
}

/* What init said before it went is the cause; that it could not be reached any more is only how that was noticed. */
static const struct ct_err *better_reason(const struct supervisor *supervisor, const struct ct_err *noticed)
{
	return supervisor->failure.message[0] ? &supervisor->failure : noticed;
}

static int supervise(struct supervisor *supervisor)
{
	struct ct_err err = CT_ERR_INIT;

	for (;;) {
		if (run_start(supervisor, &err) < 0) {
			run_finish(supervisor);
			return supervisor_fail(supervisor, CT_EXIT_FAILED, better_reason(supervisor, &err));
		}
		if (!run_watch(supervisor)) {
			run_finish(supervisor);
			return supervisor_fail(supervisor, supervisor->exit_code, &supervisor->failure);
		}
		if (!supervisor->ended || wants_restart(supervisor))
			run_finish(supervisor);
		if (!supervisor->reported) {
			ct_fail(&err, "R004", "the container's first process was killed before the command ran");
			return supervisor_fail(supervisor, supervisor->exit_code, better_reason(supervisor, &err));
		}
		if (!wants_restart(supervisor))
			break;
		supervisor->status.restarts++;
		record_end(supervisor, CT_RESTARTING);
		wait_before_restart(supervisor);
		if (supervisor->stop_asked)
			break;
	}
	conclude(supervisor);
	run_finish(supervisor);
	log_writer_finish(&supervisor->log);
	return cgroup_remove(supervisor->group);
}

/* A session of its own, no terminal, nothing of the caller's open but the two descriptors it was given. */
static int detach(struct supervisor *supervisor)
{
	sigset_t mask;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
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
	syscall(SYS_close_range, (unsigned)SUPERVISE_DIRECTORY_FD + 1, ~0U, 0);
	fcntl(SUPERVISE_REPORT_FD, F_SETFD, FD_CLOEXEC);
	fcntl(SUPERVISE_DIRECTORY_FD, F_SETFD, FD_CLOEXEC);
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

int main(int argc, char **argv)
{
	struct supervisor supervisor = {
		.status = { .state = CT_CREATED, .exit_code = -1 },
		.directory = SUPERVISE_DIRECTORY_FD,
		.log = { .file = -1 },
		.signals = -1,
		.cgroup = -1,
		.claim = -1,
		.pidfd = -1,
		.socket = -1,
		.output = { .input = -1 },
		.error_output = { .input = -1 },
		.probe = PROBE_INIT,
	};
	struct ct_err err = CT_ERR_INIT;
	struct stat inherited;
	int operand = ct_options_parse(&program, argc, argv);
	int status;

	if (operand + 1 != argc)
		ct_usage_error(&program, "expected the directory of a container");
	if (fstat(SUPERVISE_REPORT_FD, &inherited) < 0 || fstat(SUPERVISE_DIRECTORY_FD, &inherited) < 0)
		ct_usage_error(&program, "this is a part of ctst-spawn and cannot be started by hand");
	if (run_from_sealed_copy(argv) < 0) {
		ct_fail_errno(&err, "R004", "cannot run from a sealed copy in memory");
		report_send(SUPERVISE_REPORT_FD, REPORT_FAILED, CT_EXIT_FAILED, &err);
		return CT_EXIT_FAILED;
	}
	supervisor.title = title_find(argc, argv);
	if (detach(&supervisor) < 0)
		return CT_EXIT_FAILED;
	status = load(&supervisor, argv[operand], &err) < 0 ? supervisor_fail(&supervisor, CT_EXIT_FAILED, &err)
							    : supervise(&supervisor);
	return status < 0 ? CT_EXIT_FAILED : CT_EXIT_OK;
}
