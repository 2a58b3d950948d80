#include <string.h>

#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/number.h"
#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

#define RETRIES_MAX 1000000
#define ON_FAILURE "on-failure"

static const char *const policies[] = { "never", ON_FAILURE, "always" };

bool restart_parse(struct ct_slice text, enum restart_policy *policy, int64_t *max_retries)
{
	size_t prefix = sizeof(ON_FAILURE); /* with the colon */

	*max_retries = -1;
	for (size_t i = 0; i < 3; i++) {
		if (ct_slice_is(text, policies[i])) {
			*policy = (enum restart_policy)i;
			return true;
		}
	}
	if (text.length <= prefix || memcmp(text.text, ON_FAILURE ":", prefix) != 0)
		return false;
	*policy = RESTART_ON_FAILURE;
	text = (struct ct_slice){ text.text + prefix, text.length - prefix };
	return number_parse(text, 7, max_retries) && *max_retries >= 1 && *max_retries <= RETRIES_MAX;
}

void check_restart(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;
	struct ct_slice text = value_text(value);
	enum restart_policy policy;
	struct diagnostic *problem;
	int64_t max_retries;

	if (!check_kind(checker, value, VALUE_STRING, "restart") || !check_no_template(checker, value, "restart"))
		return;
	if (restart_parse(text, &policy, &max_retries)) {
		if (max_retries > 0)
			check_extension(checker, value->span, "a number of restarts");
		return;
	}
	problem = check_error(checker, value->span, "unknown restart policy '%.*s'", SHOWN(text));
	if (ct_slice_is(text, "no"))
		diagnostic_did_you_mean(problem, "never");
	if (ct_slice_is(text, "unless-stopped"))
		diagnostic_did_you_mean(problem, "always");
	if (text.length >= sizeof(ON_FAILURE) && memcmp(text.text, ON_FAILURE ":", sizeof(ON_FAILURE)) == 0)
		diagnostic_hint(problem, "the number of restarts is 1 to %d", RETRIES_MAX);
	diagnostic_did_you_mean(problem, suggest_word(text, policies, 3));
	diagnostic_hint(problem, "the policies are never, on-failure, on-failure:N and always");
}

void write_restart(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	enum restart_policy policy = RESTART_NEVER;
	int64_t max_retries = -1;

	(void)composition;
	restart_parse(value_text(value), &policy, &max_retries);
	ct_buf_printf(out, "{\"policy\":\"%s\"", policies[policy]);
	if (max_retries >= 0)
		ct_buf_printf(out, ",\"max_retries\":%lld", (long long)max_retries);
	ct_json_text_literal(out, "}");
}
