#include "ctst-image/fetch_delay.h"

int64_t fetch_delay(int64_t base, int failures, int64_t asked, uint32_t random)
{
	int64_t delay = base;

	if (asked > FETCH_DELAY_LONGEST / 1000)
		return -1;
	for (int i = 1; i < failures && delay < FETCH_DELAY_LONGEST; i++)
		delay *= 2;
	if (delay > FETCH_DELAY_LONGEST)
		delay = FETCH_DELAY_LONGEST;
	delay = delay / 2 + (int64_t)(random % (uint32_t)(delay / 2 + 1));
	return delay < asked * 1000 ? asked * 1000 : delay;
}
