#include "common/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS INT64_C(1000000000)

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

int64_t ct_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t ct_monotonic(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

void ct_format_time(int64_t nanoseconds, char text[CT_TIME_LENGTH + 1])
{
	time_t seconds = (time_t)(nanoseconds / NANOSECONDS);
	char date[20];
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		memcpy(date, "1970-01-01T00:00:00", sizeof(date));
	snprintf(text, CT_TIME_LENGTH + 1, "%.19s.%09uZ", date, (unsigned)(nanoseconds % NANOSECONDS) % 1000000000U);
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t days_from_civil(int year, int month, int day)
{
	int shifted = year - (month <= 2);
	int era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int year_of_era = shifted - era * 400;
	int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (int64_t)era * 146097 + day_of_era - 719468;
}

static bool digits(const char **text, int count, int *value)
{
	*value = 0;
	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

static bool separator(const char **text, char wanted)
{
	return *(*text)++ == wanted;
}

int ct_parse_time(const char *text, int64_t *nanoseconds)
{
	int year, month, day, hour, minute, second;
	int64_t fraction = 0;

	if (strnlen(text, CT_TIME_LENGTH + 1) < 20 || strnlen(text, CT_TIME_LENGTH + 1) > CT_TIME_LENGTH)
		return -1;
	if (!digits(&text, 4, &year) || !separator(&text, '-') || !digits(&text, 2, &month) || !separator(&text, '-') ||
	    !digits(&text, 2, &day) || !separator(&text, 'T') || !digits(&text, 2, &hour) || !separator(&text, ':') ||
	    !digits(&text, 2, &minute) || !separator(&text, ':') || !digits(&text, 2, &second))
		return -1;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return -1;
	if (*text == '.') {
		int64_t unit = NANOSECONDS / 10;

		text++;
		if (*text == 'Z')
			return -1;
		for (; *text >= '0' && *text <= '9'; text++, unit /= 10)
			fraction += (*text - '0') * unit;
	}
	if (strcmp(text, "Z") != 0)
		return -1;
	*nanoseconds = ((days_from_civil(year, month, day) * 24 + hour) * 3600 + minute * 60 + second) * NANOSECONDS +
		       fraction;
	return 0;
}

void ct_format_age(int64_t nanoseconds, char *text, size_t size)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };
	int64_t seconds = nanoseconds > 0 ? nanoseconds / NANOSECONDS : 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds >= units[i].seconds) {
			snprintf(text, size, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
			return;
		}
	}
	snprintf(text, size, "%" PRId64 "s", seconds);
}
