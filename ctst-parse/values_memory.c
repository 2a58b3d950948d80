#include <string.h>

#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/number.h"
#include "ctst-parse/values.h"

#define CPU_SHARES_MIN 2 /* the range of cgroup v1's cpu.shares, which is what people write */
#define CPU_SHARES_MAX 262144
#define MILLICORES_MIN 10 /* the kernel's smallest quota is 1 ms of a period of 100 ms */
#define MILLICORES_MAX 4096000

static const struct {
	const char *name;
	int64_t bytes;
} units[] = {
	{ "KB", 1000 },
	{ "MB", 1000000 },
	{ "GB", 1000000000 },
	{ "KiB", (int64_t)1 << 10 },
	{ "MiB", (int64_t)1 << 20 },
	{ "GiB", (int64_t)1 << 30 },
};

/* "512mb", "512m", "512Mi", "512M": the unit that was meant. */
static const char *meant_unit(struct ct_slice unit)
{
	size_t length = unit.length;

	if (length == 0 || length > 3)
		return NULL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *name = units[i].name;

		if (strlen(name) == length && strncasecmp(name, unit.text, length) == 0)
			return name;
		if (length < strlen(name) && length == strlen(name) - 1 && strncasecmp(name, unit.text, length) == 0)
			return name;
	}
	return NULL;
}

enum quantity_problem memory_parse(struct ct_slice text, int64_t *bytes, const char **meant)
{
	bool overflow;

	*meant = NULL;
	if (!number_take(&text, bytes, &overflow))
		return QUANTITY_MALFORMED;
	if (text.length == 0)
		return overflow ? QUANTITY_OVERFLOW : QUANTITY_FINE;
	if (text.text[0] == '.')
		return QUANTITY_FRACTION;
	if (text.text[0] == ' ') {
		text.text++;
		text.length--;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!ct_slice_is(text, units[i].name))
			continue;
		overflow |= __builtin_mul_overflow(*bytes, units[i].bytes, bytes);
		return overflow ? QUANTITY_OVERFLOW : QUANTITY_FINE;
	}
	*meant = meant_unit(text);
	return QUANTITY_UNIT;
}

static void report_memory(struct checker *checker, const struct value *value, enum quantity_problem why,
			  const char *meant)
{
	struct ct_slice text = value_text(value), number = text;
	struct diagnostic *problem;
	bool overflow;
	int64_t amount;

	if (why == QUANTITY_OVERFLOW) {
		check_error(checker, value->span, "memory size '%.*s' does not fit in 64 bits", SHOWN(text));
		return;
	}
	problem = check_error(checker, value->span, "malformed memory size '%.*s'", SHOWN(text));
	number_take(&number, &amount, &overflow);
	if (meant)
		diagnostic_hint(problem, "did you mean '%.*s%s'?", (int)(number.text - text.text), text.text, meant);
	else if (why == QUANTITY_FRACTION)
		diagnostic_hint(problem, "write a whole number of a smaller unit, e.g. \"1536MiB\"");
	else
		diagnostic_hint(problem, "write a number and KB, MB, GB, KiB, MiB or GiB, e.g. \"512MiB\"");
}

void check_memory(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;
	int64_t bytes = value->integer;
	const char *meant;

	if (value->kind != VALUE_INTEGER) {
		enum quantity_problem problem;

		if (!check_kind(checker, value, VALUE_STRING, "memory") || !check_no_template(checker, value, "memory"))
			return;
		problem = memory_parse(value_text(value), &bytes, &meant);
		if (problem != QUANTITY_FINE) {
			report_memory(checker, value, problem, meant);
			return;
		}
	}
	if (bytes < MEMORY_MIN)
		diagnostic_hint(check_error(checker, value->span, "memory limit of %lld bytes is too small",
					    (long long)bytes),
				"the smallest limit is 512KiB");
}

void write_memory(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	int64_t bytes = value->integer;
	const char *meant;

	(void)composition;
	if (value->kind == VALUE_STRING)
		memory_parse(value_text(value), &bytes, &meant);
	ct_json_text_integer(out, bytes);
}

enum quantity_problem cores_parse(struct ct_slice text, int64_t *millicores)
{
	int64_t whole, fraction, scale = 1000;
	bool overflow, fraction_overflow;
	struct ct_slice digits;

	if (!number_take(&text, &whole, &overflow) || text.length == 0 || text.text[0] != '.')
		return QUANTITY_MALFORMED;
	digits = (struct ct_slice){ text.text + 1, text.length - 1 };
	text = digits;
	if (!number_take(&text, &fraction, &fraction_overflow) || text.length > 0)
		return QUANTITY_MALFORMED;
	if (digits.length > 3)
		return QUANTITY_FRACTION;
	for (size_t i = 0; i < digits.length; i++)
		scale /= 10;
	overflow |= __builtin_mul_overflow(whole, 1000, millicores);
	overflow |= __builtin_add_overflow(*millicores, fraction * scale, millicores);
	return overflow ? QUANTITY_OVERFLOW : QUANTITY_FINE;
}

/* False: the text is no integer. */
static bool shares_parse(struct ct_slice text, int64_t *shares)
{
	bool overflow;

	if (!number_take(&text, shares, &overflow) || text.length > 0)
		return false;
	if (overflow)
		*shares = INT64_MAX;
	return true;
}

static void check_shares(struct checker *checker, const struct value *value, int64_t shares)
{
	if (shares < CPU_SHARES_MIN || shares > CPU_SHARES_MAX)
		diagnostic_hint(check_error(checker, value->span, "'cpu' shares must be %d to %d", CPU_SHARES_MIN,
					    CPU_SHARES_MAX),
				"a number of cores has a dot: \"1.0\"");
}

static void check_cores(struct checker *checker, const struct value *value)
{
	struct ct_slice text = value_text(value);
	struct diagnostic *problem;
	int64_t millicores;

	switch (cores_parse(text, &millicores)) {
	case QUANTITY_FINE:
		if (millicores < MILLICORES_MIN || millicores > MILLICORES_MAX)
			check_error(checker, value->span, "'cpu' cores must be 0.01 to 4096");
		return;
	case QUANTITY_OVERFLOW:
		check_error(checker, value->span, "'cpu' cores must be 0.01 to 4096");
		return;
	case QUANTITY_FRACTION:
		check_error(checker, value->span, "'cpu' cores have at most three digits behind the dot");
		return;
	default:
		break;
	}
	problem = check_error(checker, value->span, "malformed 'cpu' value '%.*s'", SHOWN(text));
	diagnostic_hint(problem, "write shares (512) or cores (\"0.5\")");
}

void check_cpu(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;
	int64_t shares;

	if (value->kind == VALUE_INTEGER) {
		check_shares(checker, value, value->integer);
		return;
	}
	if (!check_kind(checker, value, VALUE_STRING, "cpu") || !check_no_template(checker, value, "cpu"))
		return;
	if (shares_parse(value_text(value), &shares))
		check_shares(checker, value, shares);
	else
		check_cores(checker, value);
}

void write_cpu(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	int64_t amount = value->integer;
	bool is_shares = value->kind == VALUE_INTEGER || shares_parse(value_text(value), &amount);

	(void)composition;
	if (is_shares) {
		ct_json_text_literal(out, "{\"shares\":");
	} else {
		cores_parse(value_text(value), &amount);
		ct_json_text_literal(out, "{\"millicores\":");
	}
	ct_json_text_integer(out, amount);
	ct_json_text_literal(out, "}");
}
