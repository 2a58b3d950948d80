#include "ctst-image/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/options.h"
#include "ctst-image/text.h"

#define FIRST_AFTER 500000000 /* ns: what is short shows nothing at all */
#define EVERY 100000000
#define BAR 20 /* columns */

void progress_start(struct progress *progress, const char *verb, const char *what)
{
	*progress = (struct progress){ .enabled = isatty(STDERR_FILENO) && !ct_quiet(),
				       .next = ct_monotonic() + FIRST_AFTER,
				       .verb = verb,
				       .what = what };
}

static void draw_bar(struct ct_buf *line, int64_t bytes, int64_t total)
{
	int filled = (int)((bytes < total ? bytes : total) * BAR / total);

	ct_buf_puts(line, " [");
	for (int i = 0; i < BAR; i++)
		ct_buf_putc(line, i < filled ? '#' : ' ');
	ct_buf_printf(line, "] %d%%,", (int)((bytes < total ? bytes : total) * 100 / total));
}

void progress_update(struct progress *progress, int64_t bytes, int64_t entries)
{
	ct_autobuf line = CT_BUF_INIT;
	char what[49]; /* of a line's end nobody sees more */
	int64_t now;

	if (!progress->enabled)
		return;
	now = ct_monotonic();
	if (now < progress->next)
		return;
	progress->next = now + EVERY;
	progress->shown = true;
	snprintf(what, sizeof(what), "%s", progress->what);
	ct_buf_printf(&line, "\r\033[K%s ", progress->verb);
	text_plain(&line, what, 0);
	ct_buf_putc(&line, ':');
	/* The percentage is taken of a product; a size that would overflow it is not drawn. */
	if (progress->total > 0 && progress->total <= INT64_MAX / 100)
		draw_bar(&line, bytes, progress->total);
	ct_buf_printf(&line, " %lld MiB", (long long)(bytes >> 20));
	if (entries > 0)
		ct_buf_printf(&line, ", %lld entries", (long long)entries);
	fwrite(line.data, 1, line.length, stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->enabled = progress->shown = false;
}
