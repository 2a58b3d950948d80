#include <ctype.h>
#include <string.h>

#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/number.h"
#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

#define DURATION_MAX_MS ((int64_t)365 * 24 * 3600 * 1000)
#define RETRIES_MAX 1000000

/* Larger ones first: the order in which a compound has them. */
static const struct {
	const char *name;
	int64_t milliseconds;
} units[] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

enum quantity_problem duration_parse(struct ct_slice text, int64_t *milliseconds, bool *compound)
{
	size_t next_unit = 0, parts = 0;

	*milliseconds = 0;
	for (; text.length > 0; parts++) {
		struct ct_slice unit = { NULL, 0 };
		int64_t amount;
		size_t index;
		bool overflow;

		if (!number_take(&text, &amount, &overflow))
			return QUANTITY_MALFORMED;
		unit.text = text.text;
		while (unit.length < text.length && isalpha((unsigned char)unit.text[unit.length]))
			unit.length++;
		text.text += unit.length;
		text.length -= unit.length;
		if (text.length > 0 && text.text[0] == '.')
			return QUANTITY_FRACTION;
		for (index = next_unit; index < UNIT_COUNT && !ct_slice_is(unit, units[index].name); index++)
			;
		if (index == UNIT_COUNT)
			return QUANTITY_UNIT;
		next_unit = index + 1;
		overflow |= __builtin_mul_overflow(amount, units[index].milliseconds, &amount);
		overflow |= __builtin_add_overflow(*milliseconds, amount, milliseconds);
		if (overflow || *milliseconds > DURATION_MAX_MS)
			return QUANTITY_OVERFLOW;
	}
	*compound = parts > 1;
	return parts > 0 ? QUANTITY_FINE : QUANTITY_MALFORMED;
}

enum member_type {
	MEMBER_COMMAND,
	MEMBER_DURATION,
	MEMBER_COUNT,
};

/* In the order in which they are written. */
static const struct member {
	const char *name;
	const char *written;
	enum member_type type;
	int64_t fallback; /* milliseconds, or a count */
	int64_t least;
} members[] = {
	{ "command", "command", MEMBER_COMMAND, 0, 0 },
	{ "interval", "interval_ms", MEMBER_DURATION, 30000, 1 },
	{ "timeout", "timeout_ms", MEMBER_DURATION, 5000, 1 },
	{ "retries", "retries", MEMBER_COUNT, 3, 1 },
	{ "start_period", "start_period_ms", MEMBER_DURATION, 0, 0 },
};

#define MEMBER_TOTAL (sizeof(members) / sizeof(members[0]))

static const struct member *find_member(struct ct_slice name)
{
	for (size_t i = 0; i < MEMBER_TOTAL; i++) {
		if (ct_slice_is(name, members[i].name))
			return &members[i];
	}
	return NULL;
}

static void check_duration(struct checker *checker, const struct value *value, const struct member *member)
{
	struct ct_slice text;
	struct diagnostic *problem;
	int64_t milliseconds;
	bool compound;

	if (value->kind == VALUE_INTEGER && !value->damaged) {
		problem = check_error(checker, value->span, "'%s' must be a duration", member->name);
		diagnostic_hint(problem, "write \"%llds\"", (long long)value->integer);
		return;
	}
	if (!check_kind(checker, value, VALUE_STRING, member->name) || !check_no_template(checker, value, member->name))
		return;
	text = value_text(value);
	switch (duration_parse(text, &milliseconds, &compound)) {
	case QUANTITY_FINE:
		break;
	case QUANTITY_OVERFLOW:
		check_error(checker, value->span, "'%s' is longer than a year", member->name);
		return;
	default:
		problem = check_error(checker, value->span, "malformed duration '%.*s'", SHOWN(text));
		diagnostic_hint(problem, "write a number and ms, s, m or h, e.g. \"30s\" or \"1m30s\"");
		return;
	}
	if (compound)
		check_extension(checker, value->span, "a duration of several units");
	if (milliseconds < member->least)
		check_error(checker, value->span, "'%s' must be longer than 0", member->name);
}

static void check_count(struct checker *checker, const struct value *value, const struct member *member)
{
	if (!check_kind(checker, value, VALUE_INTEGER, member->name))
		return;
	if (value->integer < member->least || value->integer > RETRIES_MAX)
		check_error(checker, value->span, "'%s' must be %lld to %d", member->name, (long long)member->least,
			    RETRIES_MAX);
}

static void unknown_member(struct checker *checker, const struct entry *entry)
{
	struct diagnostic *problem = diagnostics_error(checker->diagnostics, "E001", entry->key_span,
						       "unknown member '%.*s' of 'healthcheck'",
						       SHOWN(entry_key(entry)));
	const char *names[MEMBER_TOTAL];

	for (size_t i = 0; i < MEMBER_TOTAL; i++)
		names[i] = members[i].name;
	if (ct_slice_is(entry_key(entry), "test"))
		diagnostic_did_you_mean(problem, "command");
	diagnostic_did_you_mean(problem, suggest_word(entry_key(entry), names, MEMBER_TOTAL));
	diagnostic_hint(problem, "it has command, interval, timeout, retries and start_period");
}

void check_healthcheck(struct checker *checker, const struct entry *property)
{
	bool has_command = false, has_unknown = false;

	if (!check_kind(checker, &property->value, VALUE_MAP, "healthcheck"))
		return;
	for (const struct entry *entry = property->value.first; entry; entry = entry->next) {
		const struct member *member = find_member(entry_key(entry));

		if (!member) {
			has_unknown = true;
			unknown_member(checker, entry);
		} else if (member->type == MEMBER_COMMAND) {
			has_command = true;
			check_argument_list(checker, &entry->value, "healthcheck.command");
			if (entry->value.kind == VALUE_LIST && entry->value.length == 0 && !entry->value.damaged)
				check_error(checker, entry->value.span, "the command of a health check is empty");
		} else if (member->type == MEMBER_DURATION) {
			check_duration(checker, &entry->value, member);
		} else {
			check_count(checker, &entry->value, member);
		}
	}
	if (!has_command && !has_unknown)
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E005", property->key_span,
						  "the health check has no command"),
				"e.g. command = [\"/bin/true\"]");
}

static int64_t member_value(const struct value *map, const struct member *member)
{
	for (const struct entry *entry = map->first; entry; entry = entry->next) {
		int64_t milliseconds = 0;
		bool compound;

		if (!ct_slice_is(entry_key(entry), member->name))
			continue;
		if (member->type == MEMBER_COUNT)
			return entry->value.integer;
		duration_parse(value_text(&entry->value), &milliseconds, &compound);
		return milliseconds;
	}
	return member->fallback;
}

void write_healthcheck(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	ct_json_text_literal(out, "{\"command\":");
	for (const struct entry *entry = value->first; entry; entry = entry->next) {
		if (ct_slice_is(entry_key(entry), "command"))
			write_strings(out, composition, &entry->value);
	}
	for (size_t i = 1; i < MEMBER_TOTAL; i++) {
		ct_buf_printf(out, ",\"%s\":", members[i].written);
		ct_json_text_integer(out, member_value(value, &members[i]));
	}
	ct_json_text_literal(out, "}");
}
