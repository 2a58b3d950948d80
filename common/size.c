#include "common/size.h"

#include <inttypes.h>
#include <stdio.h>

void ct_format_size(int64_t bytes, char *text, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	int64_t one = 1, tenths;
	size_t unit = 0;

	while (bytes / one >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		one *= 1024;
		unit++;
	}
	tenths = bytes / one * 10 + (bytes % one * 10 + one / 2) / one;
	if (unit == 0)
		snprintf(text, size, "%" PRId64 " B", bytes);
	else if (tenths < 1000)
		snprintf(text, size, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10, units[unit]);
	else
		snprintf(text, size, "%" PRId64 " %s", (tenths + 5) / 10, units[unit]);
}
