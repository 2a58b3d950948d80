/* Signals ask a download to stop; it cleans up after itself and then dies of the signal, which tells the caller. */
#include <signal.h>
#include <stdatomic.h>

#include "ctst-image/fetch.h"

/* Written by whichever thread the signal comes to, read by all. */
static atomic_int caught;

static void catch (int number)
{
	caught = number;
}

int fetch_signal(void)
{
	return caught;
}

void fetch_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	/* A connection that is gone and a limit of file sizes are errors of write(2), not the end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void fetch_die_of_signal(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
