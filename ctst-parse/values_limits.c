/* Limits that are plain numbers: 'pids' and 'io_weight'. */
#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/diagnostics.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/values.h"

static void check_number(struct checker *checker, const struct entry *property, int64_t least, int64_t most)
{
	const char *name = property_of(property->property)->name;
	const struct value *value = &property->value;

	if (!check_kind(checker, value, VALUE_INTEGER, name))
		return;
	if (value->integer < least || value->integer > most)
		check_error(checker, value->span, "'%s' must be %lld to %lld", name, (long long)least, (long long)most);
}

void check_pids(struct checker *checker, const struct entry *property)
{
	check_number(checker, property, 1, PIDS_MAX);
}

void check_io_weight(struct checker *checker, const struct entry *property)
{
	check_number(checker, property, 1, IO_WEIGHT_MAX);
}

void write_integer(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	(void)composition;
	ct_json_text_integer(out, value->integer);
}
