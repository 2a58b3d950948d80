#include "ctst-plan/healthcheck.h"

int healthcheck_read_numbers(struct healthcheck *check, const struct ct_json *object, const struct place *place,
			     struct ct_err *err)
{
	const struct {
		const char *key;
		int64_t least, most;
		int64_t *out;
	} numbers[] = {
		{ "interval_ms", 1, LONGEST_MS, &check->interval_ms },
		{ "timeout_ms", 1, LONGEST_MS, &check->timeout_ms },
		{ "retries", 1, INT64_MAX, &check->retries },
		{ "start_period_ms", 0, LONGEST_MS, &check->start_period_ms },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct ct_json *value = ct_json_get(object, numbers[i].key);

		if (value && check_int(value, numbers[i].least, numbers[i].most, PLACE_MEMBER(place, numbers[i].key),
				       numbers[i].out, err) < 0)
			return -1;
	}
	return 0;
}
