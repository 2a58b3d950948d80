#include "ctst-spawn/log_moment.h"

#include <stddef.h>

#include "common/clock.h"

#define LONGEST_SECONDS INT64_C(3155760000) /* a century */

static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

/* Numbers with their units, one after the other. */
static int parse_age(const char *text, int64_t *seconds)
{
	*seconds = 0;
	do {
		int64_t amount = 0;
		const char *begin = text;

		for (; *text >= '0' && *text <= '9' && amount < LONGEST_SECONDS; text++)
			amount = amount * 10 + (*text - '0');
		if (text == begin || unit_seconds(*text) == 0)
			return -1;
		*seconds += amount * unit_seconds(*text++);
		if (amount > LONGEST_SECONDS || *seconds > LONGEST_SECONDS)
			return -1;
	} while (*text);
	return 0;
}

int log_moment_parse(const char *text, int64_t *moment)
{
	int64_t seconds;

	if (ct_parse_time(text, moment) < 0) {
		if (parse_age(text, &seconds) < 0)
			return -1;
		*moment = ct_now() - seconds * INT64_C(1000000000);
	}
	if (*moment < 1)
		*moment = 1;
	return 0;
}
