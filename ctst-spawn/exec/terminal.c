#include "ctst-spawn/exec/terminal.h"

#include <signal.h>
#include <unistd.h>

void terminal_find(struct terminal *terminal)
{
	*terminal = (struct terminal){ .keyboard = -1, .screen = -1 };
	if (tcgetattr(STDIN_FILENO, &terminal->original) == 0)
		terminal->keyboard = terminal->screen = STDIN_FILENO;
	else if (isatty(STDOUT_FILENO))
		terminal->screen = STDOUT_FILENO;
}

bool terminal_is_ours(const struct terminal *terminal)
{
	pid_t foreground = terminal->keyboard < 0 ? -1 : tcgetpgrp(terminal->keyboard);

	return terminal->keyboard >= 0 && (foreground < 0 || foreground == getpgrp());
}

bool terminal_size(const struct terminal *terminal, struct winsize *size)
{
	return terminal->screen >= 0 && ioctl(terminal->screen, TIOCGWINSZ, size) == 0;
}

void terminal_make_raw(struct terminal *terminal)
{
	struct termios raw;

	if (terminal->keyboard < 0)
		return;
	/* While this process was stopped the user may have changed it. */
	if (!terminal->raw && tcgetattr(terminal->keyboard, &terminal->original) < 0)
		return;
	raw = terminal->original;
	cfmakeraw(&raw);
	terminal->raw = tcsetattr(terminal->keyboard, TCSADRAIN, &raw) == 0;
}

/* Nothing is waited for: a terminal that is stopped, or whose other side reads nothing, must not keep this process. */
void terminal_restore(struct terminal *terminal)
{
	if (terminal->raw && terminal_is_ours(terminal))
		(void)tcsetattr(terminal->keyboard, TCSANOW, &terminal->original);
	terminal->raw = false;
}

void terminal_stop(struct terminal *terminal)
{
	terminal_restore(terminal);
	kill(getpid(), SIGSTOP);
	terminal_make_raw(terminal);
}
