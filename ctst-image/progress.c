#include "ctst-image/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/options.h"

#define FIRST_AFTER 500000000 /* ns: a short import shows nothing at all */
#define EVERY 100000000

void progress_start(struct progress *progress, const char *what)
{
	progress->enabled = isatty(STDERR_FILENO) && !ct_quiet();
	progress->shown = false;
	progress->next = ct_monotonic() + FIRST_AFTER;
	progress->what = what;
}

void progress_update(struct progress *progress, int64_t bytes, int64_t entries)
{
	int64_t now;

	if (!progress->enabled)
		return;
	now = ct_monotonic();
	if (now < progress->next)
		return;
	progress->next = now + EVERY;
	progress->shown = true;
	fprintf(stderr, "\r\033[Kimporting %.48s: %lld MiB, %lld entries", progress->what, (long long)(bytes >> 20),
		(long long)entries);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->enabled = progress->shown = false;
}
