/* Times as people and files see them. */
#ifndef CT_CLOCK_H
#define CT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds since the epoch (CLOCK_REALTIME) and since boot (CLOCK_BOOTTIME). */
int64_t ct_now(void);
int64_t ct_monotonic(void);

#define CT_TIME_LENGTH 30 /* 2006-01-02T15:04:05.000000000Z */

/* RFC 3339 in UTC with nine digits of fraction. */
void ct_format_time(int64_t nanoseconds, char text[CT_TIME_LENGTH + 1]);

/* The inverse; -1 when the text is not such a time. */
int ct_parse_time(const char *text, int64_t *nanoseconds);

/* "12s", "3m", "5h", "2d": the largest unit that fits. */
void ct_format_age(int64_t nanoseconds, char *text, size_t size);

#endif
