#include "ctst-spawn/exec/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/process.h"
#include "ctst-spawn/exec/stream.h"

/* Too large for a stack, and untouched pages cost nothing. */
static struct stream input, output, error_output;

struct session {
	const struct inside *inside;
	struct terminal *terminal;
	struct inside_process process;
	int signals;
	struct inside_ends ends;
	bool ended;
	int killed_by; /* a signal that came while there was no command to take it; 0 */
};

/* What the caller has ignored, as nohup(1) does, is not for the command either. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/*
 * Blocked before the process inside is made, which so never sees one with its default meaning. Ctrl+Z stops this process
 * as any other, unless the terminal has to be put in order first.
 */
static int take_signals(bool terminal)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT };
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (!is_ignored(taken[i]) && (terminal || (taken[i] != SIGTSTP && taken[i] != SIGCONT)))
			sigaddset(&mask, taken[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	/* Inherited as ignored it would keep all exit statuses from us (wait(2)). */
	signal(SIGCHLD, SIG_DFL);
	return sigprocmask(SIG_SETMASK, &mask, NULL) < 0 ? -1 : signalfd(-1, &mask, SFD_CLOEXEC);
}

static int next_signal(const struct session *session)
{
	struct signalfd_siginfo info;

	return read(session->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Whether the signal would end a process that does nothing about it. */
static bool ends_processes(int signal)
{
	return signal != SIGWINCH && signal != SIGCONT && signal != SIGTSTP;
}

/* The other side is left with no terminal, and the kernel sends its session SIGHUP (tty_ioctl(4)). */
static void hang_up(struct session *session)
{
	if (session->ends.output >= 0)
		close(session->ends.output);
	session->ends = (struct inside_ends){ -1, -1, -1 };
	stream_close(&input);
	stream_close(&output);
	terminal_restore(session->terminal);
}

static void resize(const struct session *session)
{
	struct winsize size;

	if (terminal_size(session->terminal, &size))
		(void)ioctl(session->ends.output, TIOCSWINSZ, &size);
}

static void on_terminal_signal(struct session *session, int signal)
{
	bool connected = session->ends.output >= 0;

	if (signal == SIGHUP && connected) {
		hang_up(session);
	} else if (ends_processes(signal)) {
		kill(session->process.pid, signal);
	} else if (connected) {
		if (signal == SIGTSTP)
			terminal_stop(session->terminal);
		else if (signal == SIGCONT)
			terminal_make_raw(session->terminal);
		resize(session);
	}
}

static void on_signal(struct session *session)
{
	int signal = next_signal(session);

	if (signal == 0)
		return;
	if (session->ended && ends_processes(signal))
		session->killed_by = signal;
	else if (session->inside->terminal)
		on_terminal_signal(session, signal);
	else
		kill(session->process.pid, signal);
}

/* The command, or the process inside in its stead, tells how it went; or a signal comes before. */
static int await_start(struct session *session, struct ct_err *err)
{
	struct pollfd watches[] = {
		{ .fd = session->process.socket, .events = POLLIN },
		{ .fd = session->signals, .events = POLLIN },
	};

	for (;;) {
		if (poll(watches, 2, -1) < 0 && errno != EINTR)
			return ct_fail_errno(err, "R008", "cannot wait for the command");
		if (watches[0].revents)
			return inside_receive(session->inside, session->process.socket, &session->ends, err);
		if (watches[1].revents) {
			int signal = next_signal(session);

			if (ends_processes(signal))
				session->killed_by = signal;
			if (session->killed_by)
				return 0;
		}
	}
}

static void begin(struct session *session)
{
	bool has_input = session->inside->input;

	stream_init(&input, has_input ? STDIN_FILENO : -1, session->ends.input);
	stream_init(&output, session->ends.output, STDOUT_FILENO);
	stream_init(&error_output, session->inside->terminal ? -1 : session->ends.error_output, STDERR_FILENO);
	if (session->inside->terminal && has_input)
		terminal_make_raw(session->terminal);
	if (session->inside->terminal)
		resize(session);
}

/* Pipes end by being closed. */
static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

/*
 * A terminal that is read by lines ends with its end-of-file key: once at the beginning of a line, twice within one
 * (termios(3)). A program that takes single keys has no notion of an end. An input that is empty from the start ends as well:
 * nobody waits for keys that cannot come.
 */
static void type_end_of_file(int master)
{
	struct termios settings;
	char keys[2];

	if (tcgetattr(master, &settings) < 0 || !(settings.c_lflag & ICANON))
		return;
	keys[0] = keys[1] = (char)settings.c_cc[VEOF];
	stream_add(&input, keys, stream_last_byte(&input) == '\n' ? 1 : 2);
}

static void on_input_over(struct session *session)
{
	if (!session->inside->terminal)
		close_end(&session->ends.input);
	else if (session->terminal->keyboard >= 0)
		hang_up(session); /* a raw terminal has no end but its own */
	else if (input.to_open)
		type_end_of_file(session->ends.input);
	session->ends.input = -1;
}

/* What nobody reads any more is closed, so that the command's next write is a broken pipe or a terminal hung up. */
static void on_moved(struct session *session)
{
	if (session->ends.input >= 0 && stream_is_over(&input))
		on_input_over(session);
	if (session->inside->terminal) {
		if (session->ends.output >= 0 && stream_is_over(&output))
			hang_up(session);
		return;
	}
	if (stream_is_over(&output))
		close_end(&session->ends.output);
	if (stream_is_over(&error_output))
		close_end(&session->ends.error_output);
}

static void on_ended(struct session *session)
{
	session->ended = true;
	stream_close(&input);
	stream_finish(&output);
	stream_finish(&error_output);
}

static bool is_done(const struct session *session)
{
	return session->killed_by || (session->ended && stream_is_over(&output) && stream_is_over(&error_output));
}

static int copy_until_end(struct session *session, struct ct_err *err)
{
	struct stream *streams[] = { &input, &output, &error_output };

	on_moved(session);
	while (!is_done(session)) {
		struct pollfd watches[] = {
			{ .fd = session->signals, .events = POLLIN },
			{ .fd = session->ended ? -1 : session->process.pidfd, .events = POLLIN },
			stream_watch(&input),
			stream_watch(&output),
			stream_watch(&error_output),
		};

		if (poll(watches, sizeof(watches) / sizeof(watches[0]), -1) < 0) {
			if (errno == EINTR)
				continue;
			return ct_fail_errno(err, "R008", "cannot wait for the command");
		}
		for (size_t i = 0; i < 3; i++) {
			if (watches[2 + i].revents)
				stream_move(streams[i]);
		}
		on_moved(session);
		if (watches[1].revents)
			on_ended(session);
		if (watches[0].revents)
			on_signal(session);
	}
	return 0;
}

static int check_stream(const struct stream *stream, const char *reading, const char *writing, struct ct_err *err)
{
	errno = stream->read_failure ? stream->read_failure : stream->write_failure;
	return errno == 0 ? 0 : ct_fail_errno(err, "R008", "%s", stream->read_failure ? reading : writing);
}

/* A file that was cut short is a failure whatever the command made of it. */
static int check_streams(struct ct_err *err)
{
	if (check_stream(&input, "cannot read standard input", "cannot write to the command", err) < 0 ||
	    check_stream(&output, "cannot read from the command", "cannot write to standard output", err) < 0)
		return -1;
	return check_stream(&error_output, "cannot read from the command", "cannot write to standard error", err);
}

int session_run(const struct inside *inside, struct terminal *terminal, struct ct_err *err)
{
	struct session session = { .inside = inside, .terminal = terminal, .ends = { -1, -1, -1 } };
	int status = 0;

	session.signals = take_signals(inside->terminal);
	if (session.signals < 0)
		return ct_fail_errno(err, "R008", "cannot take signals");
	if (inside_start(inside, &session.process, err) < 0 || await_start(&session, err) < 0)
		return -1;
	if (!session.killed_by) {
		begin(&session);
		status = copy_until_end(&session, err);
		terminal_restore(terminal);
	}
	/* The command dies with this process; it has ended already when nothing went wrong. */
	if (session.killed_by)
		return CT_EXIT_SIGNAL_BASE + session.killed_by;
	if (status < 0)
		return -1;
	status = ct_process_wait(session.process.pid);
	return check_streams(err) < 0 ? -1 : status;
}
