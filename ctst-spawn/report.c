#include "ctst-spawn/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void report_send(int fd, enum report_kind kind, int exit_code, const struct ct_err *err)
{
	struct report report;
	ssize_t written;

	if (fd < 0)
		return;
	memset(&report, 0, sizeof(report));
	report.kind = kind;
	report.exit_code = exit_code;
	if (err) {
		snprintf(report.code, sizeof(report.code), "%s", err->code);
		snprintf(report.message, sizeof(report.message), "%s", err->message);
		snprintf(report.hint, sizeof(report.hint), "%s", err->hint);
	}
	do
		written = write(fd, &report, sizeof(report));
	while (written < 0 && errno == EINTR);
}

bool report_receive(int fd, struct report *report)
{
	ssize_t got;

	/* A peer that went away without reading is told first (ECONNRESET), what it wrote comes after that. */
	do
		got = read(fd, report, sizeof(*report));
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got != (ssize_t)sizeof(*report))
		return false;
	report->code[sizeof(report->code) - 1] = '\0';
	report->message[sizeof(report->message) - 1] = '\0';
	report->hint[sizeof(report->hint) - 1] = '\0';
	return report->kind >= REPORT_STARTED && report->kind <= REPORT_UNHEALTHY;
}

void report_error(const struct report *report, struct ct_err *err)
{
	ct_fail(err, report->code, "%s", report->message);
	ct_err_hint(err, "%s", report->hint);
}
