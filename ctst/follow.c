#include "ctst/follow.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/options.h"
#include "common/process.h"
#include "ctst/events.h"

/* Up to three more options; the first NULL ends them. `input`: its standard input, or -1. A stop goes on without us, output ends. */
static int start(struct following *following, struct child *child, const char *tool, int input,
		 const char *const options[3], struct ct_err *err)
{
	bool tied = child == &following->logs;
	ct_autofree char *path = ct_asprintf("%s/%s", ct_libexec_directory(), tool);
	const char *const arguments[] = {
		path, "--file", following->directory, options[0], options[1], options[2], NULL
	};

	child->pid = tied ? ct_process_start_tied((char *const *)arguments, input, -1)
			  : ct_process_start((char *const *)arguments, input, -1);
	if (child->pid > 0)
		return 0;
	child->pid = 0;
	return ct_fail_errno(err, "R004", "cannot start '%s'", path);
}

static bool collect(struct child *child)
{
	int status;

	if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return false;
	child->pid = 0;
	child->status = WIFSIGNALED(status) ? CT_EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

/* For the person at the terminal who wonders why nothing happens for ten seconds. */
static void tell(const struct following *following, const char *text)
{
	if (!ct_quiet() && isatty(STDERR_FILENO))
		dprintf(STDERR_FILENO, "%s: %s\n", following->program, text);
}

static int request_stop(struct following *following, struct ct_err *err)
{
	bool force = ++following->requests == 2;

	if (following->requests > 2)
		return 0;
	if (following->stop.pid > 0) {
		/* The orderly stop holds the project's lock while it waits. */
		kill(following->stop.pid, SIGTERM);
		following->stop.status = ct_process_wait(following->stop.pid);
		following->stop.pid = 0;
	}
	tell(following, force ? "killing all containers" : "stopping all containers; once more to kill them");
	return start(following, &following->stop, "ctst-stop", -1, (const char *const[3]){ force ? "--force" : NULL },
		     err);
}

static int react(struct following *following, int signal, struct ct_err *err)
{
	if (signal != SIGCHLD)
		return request_stop(following, err);
	(void)collect(&following->stop);
	/* Output that went nowhere: what runs in the foreground ends with it. */
	if (collect(&following->logs) && following->logs.status != 0 && following->requests == 0)
		return request_stop(following, err);
	return 0;
}

int follow_start(struct following *following, int starting, struct ct_err *err)
{
	return start(following, &following->logs, "ctst-logs", starting,
		     (const char *const[3]){ "-f", "--prefix", "--starting" }, err);
}

bool follow_has_failed(struct following *following)
{
	return collect(&following->logs) && following->logs.status != 0;
}

void follow_abandon(struct following *following)
{
	if (following->logs.pid <= 0)
		return;
	kill(following->logs.pid, SIGTERM);
	(void)ct_process_wait(following->logs.pid);
	following->logs.pid = 0;
}

int follow(struct following *following, int events, struct ct_err *err)
{
	int result = 0;

	if (following->logs.status != 0)
		result = request_stop(following, err);
	else if (following->logs.pid == 0)
		result = start(following, &following->logs, "ctst-logs", -1, (const char *const[3]){ "-f", "--prefix" },
			       err);
	if (result < 0 && following->requests == 0) {
		struct ct_err second = CT_ERR_INIT;

		(void)request_stop(following, &second);
	}
	while (following->logs.pid > 0 || following->stop.pid > 0) {
		if (react(following, events_next(events), err) < 0)
			result = -1;
	}
	if (result < 0)
		return -1;
	return following->stop.status ? following->stop.status : following->logs.status;
}
