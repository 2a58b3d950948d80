/* One run of a container, from clone3(2) to the end of its first process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/process.h"
#include "ctst-spawn/cgroup.h"
#include "ctst-spawn/confine/badness.h"
#include "ctst-spawn/health/checks.h"
#include "ctst-spawn/idle_memory.h"
#include "ctst-spawn/init.h"
#include "ctst-spawn/output_pipe.h"
#include "ctst-spawn/report.h"
#include "ctst-spawn/sources.h"
#include "ctst-spawn/supervise.h"
#include "ctst-spawn/supervisor.h"

#define QUIET (1 * SECOND)
#define TURN_MS 50              /* how often is asked for a new volume that another container fills */
#define LONG_START (1 * SECOND) /* after that somebody may want to stop it, and has to find it */

static bool has_own_network(const struct supervisor *supervisor)
{
	return strcmp(supervisor->config.container.network, "host") != 0;
}

static pid_t clone_init(struct supervisor *supervisor, struct init *init, struct ct_err *err)
{
	struct clone_args arguments = {
		.flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			 (init->own_network ? CLONE_NEWNET : 0),
		.pidfd = (uint64_t)(uintptr_t)&supervisor->pidfd,
		.exit_signal = SIGCHLD,
	};
	long child;

	if (supervisor->cgroup >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)supervisor->cgroup;
	}
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0)
		init_run(init);
	if (child < 0) {
		int failure = errno;

		ct_fail_errno(err, "R001", "cannot create the namespaces");
		if (failure == ENOSPC)
			ct_err_hint(err, "a limit of /proc/sys/user/max_*_namespaces is reached");
		else
			ct_err_hint(err, "'ctst doctor' tells which namespaces this host allows");
	}
	return (pid_t)child;
}

/* For ctst-exec; and the user namespace, whose descriptor is the first, for the trees. */
static int open_namespaces(pid_t init, struct ct_err *err)
{
	static const char *const names[] = SUPERVISE_NAMESPACES;
	char path[64];

	for (int i = 0; i < SUPERVISE_NAMESPACE_COUNT; i++) {
		ct_autoclose int fd = -1;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)init, names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || dup3(fd, SUPERVISE_NAMESPACE_FD + i, O_CLOEXEC) < 0)
			return ct_fail_errno(err, "R001", "cannot open the namespace '%s'", path);
	}
	return 0;
}

/* The ids, then the trees that need them, then the word to go on. */
static int give_trees(struct supervisor *supervisor, struct ct_err *err)
{
	const struct container *container = &supervisor->config.container;
	int trees[CONTAINER_MOST_TREES];
	int count, status;

	if (identity_map(&supervisor->identity, supervisor->init, err) < 0)
		return -1;
	/* Without root the namespaces can be opened only as long as the process has not closed itself off. */
	if (supervisor->identity.kind != IDENTITY_RANGE)
		return open_namespaces(supervisor->init, err) < 0 ? -1
								  : init_send_trees(supervisor->socket, NULL, 0, err);
	if (init_send_trees(supervisor->socket, NULL, 0, err) < 0 || open_namespaces(supervisor->init, err) < 0)
		return -1;
	count = sources_open(container, !container->readonly, SUPERVISE_NAMESPACE_FD, trees, supervisor->unmapped, err);
	if (count < 0)
		return -1;
	status = init_send_trees(supervisor->socket, trees, (size_t)count, err);
	sources_close(trees, count);
	return status;
}

/* Its interfaces are made while it builds its file tree; the last word is that they are there. */
static int release_init(struct supervisor *supervisor, struct ct_err *err)
{
	/* Before it closes itself off, after which its files in /proc are root's. */
	if (badness_reset(supervisor->init) < 0)
		return ct_fail_errno(err, "R004", "cannot set oom_score_adj");
	if (give_trees(supervisor, err) < 0 ||
	    network_attach(&supervisor->network, SUPERVISE_NAMESPACE_FD + SUPERVISE_NETWORK_NAMESPACE, err) < 0)
		return -1;
	return init_send_trees(supervisor->socket, NULL, 0, err);
}

static void close_pair(int pair[2])
{
	if (pair[0] >= 0)
		close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}

/* Who waits for others can be found and stopped. */
static int take_turns(struct supervisor *supervisor, struct ct_err *err)
{
	struct pollfd watch = { .fd = supervisor->signals, .events = POLLIN };
	int status;

	while ((status = sources_take_turns(&supervisor->config.container, err)) > 0) {
		if (supervisor->status.supervisor.pid == 0 &&
		    ct_process_identify(getpid(), &supervisor->status.supervisor) == 0)
			supervisor_write_status(supervisor);
		if (poll(&watch, 1, TURN_MS) > 0)
			supervisor_on_signal(supervisor);
		if (supervisor->stop_asked)
			return ct_fail(err, "R004", "it was stopped before its command ran");
	}
	return status;
}

int run_start(struct supervisor *supervisor, struct ct_err *err)
{
	int output[2] = { -1, -1 }, error_output[2] = { -1, -1 }, sockets[2] = { -1, -1 };
	struct init init = {
		.config = &supervisor->config,
		.commands = SUPERVISE_ENVIRONMENT_FD,
		.hostname = supervisor->hostname,
		.range = supervisor->identity.kind == IDENTITY_RANGE,
		.many_ids = supervisor->identity.kind != IDENTITY_CALLER,
		.writable = !supervisor->config.container.readonly,
		.own_network = has_own_network(supervisor),
		.network = &supervisor->network,
		.title = supervisor->title,
	};

	if (take_turns(supervisor, err) < 0 || network_prepare_run(&supervisor->network, supervisor->hostname, err) < 0)
		return -1;
	if (output_pipe(&supervisor->identity, output) < 0 || output_pipe(&supervisor->identity, error_output) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		ct_fail_errno(err, "R004", "cannot create pipes");
		close_pair(output);
		close_pair(error_output);
		return -1;
	}
	init.socket = sockets[1];
	init.output = output[1];
	init.error_output = error_output[1];
	supervisor->ended = supervisor->sick = false;
	supervisor->exit_code = 128 + SIGKILL; /* unless init says otherwise before it goes */
	supervisor->started = ct_monotonic();
	supervisor->init = clone_init(supervisor, &init, err);
	close(sockets[1]);
	close(output[1]);
	close(error_output[1]);
	supervisor->socket = sockets[0];
	supervisor->output = (struct log_stream){ .input = output[0] };
	supervisor->error_output = (struct log_stream){ .input = error_output[0], .is_stderr = true };
	/* Without root it may be seen by nobody once it has closed itself off. */
	if (supervisor->init > 0 && !init.range)
		(void)ct_process_identify(supervisor->init, &supervisor->status.init);
	if (supervisor->init < 0 || release_init(supervisor, err) < 0)
		return -1;
	/* Who is who for status.json, found out while init is busy. */
	if (init.range)
		(void)ct_process_identify(supervisor->init, &supervisor->status.init);
	if (supervisor->status.supervisor.pid == 0)
		(void)ct_process_identify(getpid(), &supervisor->status.supervisor);
	if (!supervisor->reported)
		supervisor->write_again_at = ct_monotonic() + LONG_START;
	return 0;
}

static bool is_last_run(const struct supervisor *supervisor)
{
	return supervisor->stop_asked || supervisor->config.container.restart == RESTART_NEVER;
}

void run_finish(struct supervisor *supervisor)
{
	struct log_stream *streams[] = { &supervisor->output, &supervisor->error_output };
	struct report report;

	checks_end(supervisor);
	if (supervisor->init > 0) {
		/*
		 * The pid namespace ends only when its last process is collected, and a ctst-exec whose process
		 * in the group was stopped collects nothing. A group that was killed once
		 * kills whatever is cloned into it later (seen with Linux 6.18), so not before a restart.
		 */
		if (supervisor->group[0] && is_last_run(supervisor))
			(void)cgroup_kill(supervisor->group);
		(void)ct_pidfd_signal(supervisor->pidfd, SIGKILL, 0);
		while (waitpid(supervisor->init, NULL, 0) < 0 && errno == EINTR)
			;
	}
	while (supervisor->socket >= 0 && !supervisor->ended && report_receive(supervisor->socket, &report)) {
		if (report.kind == REPORT_FAILED)
			report_error(&report, &supervisor->failure);
		if (report.kind != REPORT_STARTED)
			supervisor->exit_code = report.exit_code;
	}
	for (size_t i = 0; i < 2; i++) {
		log_drain(streams[i], &supervisor->log);
		if (streams[i]->input >= 0)
			close(streams[i]->input);
		streams[i]->input = -1;
	}
	if (supervisor->socket >= 0)
		close(supervisor->socket);
	if (supervisor->pidfd >= 0)
		close(supervisor->pidfd);
	/* An open namespace would outlive its processes. */
	syscall(SYS_close_range, SUPERVISE_NAMESPACE_FD, SUPERVISE_NAMESPACE_FD + SUPERVISE_NAMESPACE_COUNT - 1, 0);
	supervisor->socket = supervisor->pidfd = -1;
	supervisor->init = 0;
	supervisor->kill_at = 0;
}

/* What was given up is said by ctst-spawn, which has somebody to say it to. */
static void report_start(const struct supervisor *supervisor)
{
	bool unlimited = supervisor->unlimited[0], unmapped = supervisor->unmapped[0];
	struct ct_err warning = CT_ERR_INIT;

	if (unmapped)
		ct_fail(&warning, "R003",
			"%s%sthe image's files are nobody's: their file system (%s) has no id-mapped mounts",
			supervisor->unlimited, unlimited ? ": not enforced; " : "", supervisor->unmapped);
	else if (unlimited)
		ct_fail(&warning, "R002", "%s: not enforced", supervisor->unlimited);
	report_send(SUPERVISE_REPORT_FD, REPORT_STARTED, 0, unlimited || unmapped ? &warning : NULL);
}

/* Before the command runs there is nobody who could end in order: init has the signal then, and is not waited for long. */
static void set_limit(struct supervisor *supervisor)
{
	bool runs = supervisor->status.state == CT_RUNNING;

	supervisor->kill_at = ct_monotonic() +
			      (runs || supervisor->patience < LONG_START ? supervisor->patience : LONG_START);
}

static void on_started(struct supervisor *supervisor)
{
	struct ct_status *status = &supervisor->status;

	status->state = CT_RUNNING;
	status->started_at = ct_now();
	status->finished_at = 0;
	status->exit_code = -1;
	status->restarts += supervisor->reported;
	if (supervisor->stop_asked)
		set_limit(supervisor);
	else
		checks_begin(supervisor);
	supervisor_write_status(supervisor);
	if (!supervisor->reported)
		report_start(supervisor);
	supervisor_event(supervisor, supervisor->reported ? CT_EVENT_RESTARTED : CT_EVENT_STARTED);
	supervisor->reported = true;
	sources_used(&supervisor->config.container);
	supervisor_forget(supervisor);
}

/* false: the container could not be started, and that is final. */
static bool on_report(struct supervisor *supervisor)
{
	struct report report;

	if (!report_receive(supervisor->socket, &report)) {
		/* The end of the stream: init is gone, and its pidfd will tell. */
		close(supervisor->socket);
		supervisor->socket = -1;
		checks_end(supervisor);
		return true;
	}
	if (report.kind == REPORT_STARTED) {
		on_started(supervisor);
	} else if (report.kind == REPORT_ENDED) {
		supervisor->ended = true;
		supervisor->exit_code = report.exit_code;
		checks_end(supervisor);
	} else {
		report_error(&report, &supervisor->failure);
		supervisor->exit_code = report.exit_code;
		return false;
	}
	return true;
}

static void kill_run(struct supervisor *supervisor)
{
	supervisor->kill_at = 0;
	/* With pid 1 the kernel ends the whole pid namespace (pid_namespaces(7)). */
	if (supervisor->pidfd >= 0)
		(void)ct_pidfd_signal(supervisor->pidfd, SIGKILL, 0);
}

static void ask_to_end(struct supervisor *supervisor)
{
	checks_end(supervisor);
	if (supervisor->pidfd >= 0)
		(void)ct_pidfd_signal(supervisor->pidfd, supervisor->config.container.stop_signal, 0);
	set_limit(supervisor);
}

/* What is not going to be started again is left as it is: unhealthy may be better than nothing. */
static void on_unhealthy(struct supervisor *supervisor)
{
	if (!supervisor_may_restart(supervisor) || supervisor->ended)
		return;
	supervisor->sick = true;
	supervisor->patience = SUPERVISE_STOP_SECONDS * SECOND;
	ask_to_end(supervisor);
}

void supervisor_on_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	int seconds = SUPERVISE_STOP_SECONDS;

	if (read(supervisor->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		seconds = 0;
	else if (info.ssi_code == SI_QUEUE)
		seconds = info.ssi_int;
	supervisor->patience = seconds * SECOND;
	if (!supervisor->stop_asked)
		ask_to_end(supervisor);
	supervisor->stop_asked = true;
	if (seconds <= 0)
		kill_run(supervisor);
	else
		set_limit(supervisor);
}

int timeout_until(int64_t time)
{
	int64_t left = time - ct_monotonic();

	if (time == 0)
		return -1;
	if (left <= 0)
		return 0;
	/* Who waits for weeks looks at the clock once more in between. */
	return left / MILLISECOND < INT_MAX ? (int)((left + MILLISECOND - 1) / MILLISECOND) : INT_MAX;
}

/* The sooner of two times, where 0 is never. */
static int64_t sooner(int64_t one, int64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

static int64_t next_time(const struct supervisor *supervisor)
{
	return sooner(sooner(supervisor->kill_at, supervisor->quiet_at),
		      sooner(supervisor->write_again_at, checks_due(supervisor)));
}

/* Buffers are of no use to a container that has nothing to say; the next output takes them again. */
static void give_back(struct supervisor *supervisor)
{
	/* Nobody tells when a full disk has room again; until then it is looked at. */
	supervisor->quiet_at = log_writer_settle(&supervisor->log) ? 0 : ct_monotonic() + QUIET;
	log_writer_give_back();
	if (supervisor->probe.process == 0)
		probe_give_back(&supervisor->probe);
	idle_memory_give_back();
}

/* Not only when nothing was ready: a container that never stops writing is stopped and probed as well. */
static void on_time(struct supervisor *supervisor)
{
	int64_t now = ct_monotonic(), due = checks_due(supervisor);

	if (supervisor->kill_at && now >= supervisor->kill_at)
		kill_run(supervisor);
	if (supervisor->write_again_at && now >= supervisor->write_again_at)
		supervisor_write_status(supervisor);
	if (due && now >= due && checks_on_time(supervisor))
		on_unhealthy(supervisor);
	if (supervisor->quiet_at && now >= supervisor->quiet_at)
		give_back(supervisor);
}

/*
 * A probe that ends since the kernel ends all of the container has found nothing out. Init's word, or the end of its
 * stream, comes before that.
 */
static bool has_result(const struct supervisor *supervisor)
{
	struct pollfd word = { .fd = supervisor->socket, .events = POLLIN };

	return supervisor->probe.pidfd >= 0 && poll(&word, 1, 0) == 0;
}

bool run_watch(struct supervisor *supervisor)
{
	for (;;) {
		struct pollfd watches[] = {
			{ .fd = supervisor->signals, .events = POLLIN },
			{ .fd = supervisor->socket, .events = POLLIN },
			{ .fd = supervisor->output.input, .events = POLLIN },
			{ .fd = supervisor->error_output.input, .events = POLLIN },
			{ .fd = supervisor->pidfd, .events = POLLIN },
			{ .fd = supervisor->probe.output, .events = POLLIN },
			{ .fd = supervisor->probe.pidfd, .events = POLLIN },
		};
		int ready = poll(watches, sizeof(watches) / sizeof(watches[0]), timeout_until(next_time(supervisor)));

		if (ready < 0 && errno != EINTR)
			return true;
		on_time(supervisor);
		if (ready <= 0)
			continue;
		if (watches[2].revents || watches[3].revents || watches[6].revents)
			supervisor->quiet_at = ct_monotonic() + QUIET;
		if (watches[1].revents && !on_report(supervisor))
			return false;
		if (watches[5].revents && supervisor->probe.output == watches[5].fd)
			probe_read(&supervisor->probe);
		if (watches[6].revents && has_result(supervisor) && checks_on_end(supervisor))
			on_unhealthy(supervisor);
		if (watches[0].revents)
			supervisor_on_signal(supervisor);
		if (watches[2].revents)
			log_copy(&supervisor->output, &supervisor->log);
		if (watches[3].revents)
			log_copy(&supervisor->error_output, &supervisor->log);
		if (supervisor->ended && supervisor->output.input < 0 && supervisor->error_output.input < 0)
			return true;
		/* Nothing but the end of init: whatever was written is in the pipes now, and in the log before the end is told. */
		if (watches[4].revents && !watches[1].revents) {
			log_drain(&supervisor->output, &supervisor->log);
			log_drain(&supervisor->error_output, &supervisor->log);
			return true;
		}
	}
}
