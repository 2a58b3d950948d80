#include "ctst-spawn/log_moment.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/clock.h"

#define LONGEST_SECONDS INT64_C(3155760000) /* a century */
#define OFFSET_LENGTH ((size_t)6)

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

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* RFC 3339's "+01:00" in place of the "Z", as date(1) writes it: how far that place is ahead. */
static int parse_offset(const char *text, int64_t *seconds)
{
	int hours, minutes;

	if ((text[0] != '+' && text[0] != '-') || !is_digit(text[1]) || !is_digit(text[2]) || text[3] != ':' ||
	    !is_digit(text[4]) || !is_digit(text[5]))
		return -1;
	hours = (text[1] - '0') * 10 + (text[2] - '0');
	minutes = (text[4] - '0') * 10 + (text[5] - '0');
	if (hours > 23 || minutes > 59)
		return -1;
	*seconds = (hours * 60 + minutes) * INT64_C(60) * (text[0] == '-' ? -1 : 1);
	return 0;
}

static int parse_time(const char *text, int64_t *moment)
{
	size_t length = strnlen(text, CT_TIME_LENGTH + OFFSET_LENGTH + 1);
	char utc[CT_TIME_LENGTH + 1] = "";
	int64_t ahead;

	if (length <= OFFSET_LENGTH || length >= CT_TIME_LENGTH + OFFSET_LENGTH ||
	    parse_offset(text + length - OFFSET_LENGTH, &ahead) < 0)
		return ct_parse_time(text, moment);
	memcpy(utc, text, length - OFFSET_LENGTH);
	utc[length - OFFSET_LENGTH] = 'Z';
	if (ct_parse_time(utc, moment) < 0)
		return -1;
	*moment -= ahead * INT64_C(1000000000);
	return 0;
}

int log_moment_parse(const char *text, int64_t *moment)
{
	int64_t seconds;

	if (parse_time(text, moment) < 0) {
		if (parse_age(text, &seconds) < 0)
			return -1;
		*moment = ct_now() - seconds * INT64_C(1000000000);
	}
	if (*moment < 1)
		*moment = 1;
	return 0;
}
