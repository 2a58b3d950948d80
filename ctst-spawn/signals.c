#include "ctst-spawn/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },   { "QUIT", SIGQUIT },   { "ABRT", SIGABRT }, { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "ALRM", SIGALRM },   { "TERM", SIGTERM }, { "CONT", SIGCONT },
	{ "STOP", SIGSTOP }, { "PWR", SIGPWR },   { "WINCH", SIGWINCH },
};

int signal_number(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	if (end != name && *end == '\0')
		return number > 0 && number <= 64 ? (int)number : -1;
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	}
	/* The real-time ones as glibc numbers them, which is what image authors see: RTMIN is 34. */
	if (strncmp(name, "RTMIN", 5) == 0) {
		number = name[5] == '+' ? strtol(name + 6, &end, 10) : 0;
		return number >= 0 && number <= 30 ? 34 + (int)number : -1;
	}
	return -1;
}
