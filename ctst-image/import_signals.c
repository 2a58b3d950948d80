/* SIGINT, SIGTERM and SIGHUP are noticed between two pieces of work, so that everything can be cleaned up. */
#include <signal.h>

#include "ctst-image/import.h"

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

void import_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int import_signal(void)
{
	return caught;
}

int import_check_signals(struct ct_err *err)
{
	return caught ? ct_fail(err, CT_NO_CODE, "interrupted") : 0;
}

void import_die_of_signal(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
