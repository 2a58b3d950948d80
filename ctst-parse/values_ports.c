#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/values.h"

#define PORT_MAX 65535

bool check_port_number(struct checker *checker, const struct value *value)
{
	if (!check_kind(checker, value, VALUE_INTEGER, "port"))
		return false;
	if (value->integer >= 1 && value->integer <= PORT_MAX)
		return true;
	check_error(checker, value->span, "port %lld is not 1 to %d", (long long)value->integer, PORT_MAX);
	return false;
}

void check_port(struct checker *checker, const struct entry *property)
{
	if (property->value.kind == VALUE_LIST) {
		diagnostic_hint(check_error(checker, property->value.span, "'port' must be an integer, not a list"),
				"several ports are called 'ports'");
		checker->ports_unknown = true;
	} else if (!check_port_number(checker, &property->value)) {
		checker->ports_unknown = true;
	}
}

void check_ports(struct checker *checker, const struct entry *property)
{
	uint64_t seen[(PORT_MAX + 64) / 64];
	bool cleared = false;

	if (!check_kind(checker, &property->value, VALUE_LIST, "ports")) {
		checker->ports_unknown = true;
		return;
	}
	for (const struct entry *item = property->value.first; item; item = item->next) {
		uint64_t *word, bit;

		if (!check_port_number(checker, &item->value)) {
			checker->ports_unknown = true;
			continue;
		}
		if (property->value.length < 2)
			continue;
		for (size_t i = 0; !cleared && i < sizeof(seen) / sizeof(seen[0]); i++)
			seen[i] = 0;
		cleared = true;
		word = &seen[item->value.integer / 64];
		bit = (uint64_t)1 << (item->value.integer % 64);
		if (*word & bit)
			diagnostics_error(checker->diagnostics, "E018", item->value.span, "port %lld is listed twice",
					  (long long)item->value.integer);
		*word |= bit;
	}
}

static void write_one_port(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	(void)composition;
	ct_json_text_integer(out, value->integer);
}

void write_port(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	ct_json_text_literal(out, "[");
	write_one_port(out, composition, value);
	ct_json_text_literal(out, "]");
}

void write_ports(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	write_list(out, composition, value, write_one_port);
}
