#include <ctype.h>
#include <string.h>

#include "common/capability_names.h"
#include "common/identifier.h"
#include "common/json_text.h"
#include "common/names.h"
#include "ctst-parse/check.h"
#include "ctst-parse/number.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

#define HOSTNAME_MAX 63
#define NETWORK_NAME_MAX 63
#define USER_MAX 65
#define ID_MAX INT64_C(4294967294) /* the last 32-bit number means "no user" to the kernel */

void check_boolean(struct checker *checker, const struct entry *property)
{
	check_kind(checker, &property->value, VALUE_BOOLEAN, property_of(property->property)->name);
}

void check_workdir(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;

	if (!check_kind(checker, value, VALUE_STRING, "workdir"))
		return;
	if (value->has_template && !check_template(checker, value, false))
		return;
	if (value->length > 0 && (value->text[0] == '/' || (value->has_template && value->text[0] == '$')))
		return;
	diagnostic_hint(check_error(checker, value->span, "'workdir' must be an absolute path"), "it begins with /");
}

static bool is_id(struct ct_slice text)
{
	int64_t id;

	return number_parse(text, 10, &id) && id <= ID_MAX;
}

/* As useradd(8) allows them. */
static bool is_account_name(struct ct_slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.text[i];
		bool first = isalpha(byte) || byte == '_';

		if (byte >= 0x80 || !(first || (i > 0 && (isdigit(byte) || byte == '-' || byte == '.'))))
			return false;
	}
	return text.length > 0 && text.length <= 32;
}

void check_user(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;
	struct ct_slice user, group;
	const char *colon;

	if (!check_kind(checker, value, VALUE_STRING, "user") || !check_no_template(checker, value, "user"))
		return;
	user = value_text(value);
	colon = user.length ? memchr(user.text, ':', user.length) : NULL;
	if (colon) {
		group = (struct ct_slice){ colon + 1, (size_t)(user.text + user.length - colon) - 1 };
		user.length = (size_t)(colon - user.text);
	}
	if ((is_id(user) || is_account_name(user)) && (!colon || is_id(group) || is_account_name(group)))
		return;
	diagnostic_hint(check_error(checker, value->span, "malformed user '%.*s'", SHOWN(value_text(value))),
			"write uid, uid:gid, or names of the image's passwd and group files");
}

/* Labels of letters, digits and inner hyphens: RFC 1123, section 2.1. */
bool hostname_is_valid(struct ct_slice text)
{
	char before = '.';

	if (text.length == 0 || text.length > HOSTNAME_MAX)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.text[i];
		bool inner = before != '.' && i + 1 < text.length;

		if (byte >= 0x80 || !(isalnum(byte) || (byte == '-' && inner && text.text[i + 1] != '.') ||
				      (byte == '.' && inner && before != '-')))
			return false;
		before = text.text[i];
	}
	return true;
}

void check_hostname(struct checker *checker, const struct entry *property)
{
	const struct value *value = &property->value;

	if (!check_kind(checker, value, VALUE_STRING, "hostname"))
		return;
	if (value->has_template) {
		check_template(checker, value, false);
		return;
	}
	if (value->length > HOSTNAME_MAX)
		check_error(checker, value->span, "a host name has at most %d characters", HOSTNAME_MAX);
	else if (!hostname_is_valid(value_text(value)))
		diagnostic_hint(check_error(checker, value->span, "malformed host name '%.*s'",
					    SHOWN(value_text(value))),
				"it has letters, digits, '.' and inner '-'");
}

void check_network(struct checker *checker, const struct entry *property)
{
	static const char *const known[] = { "bridge", "host", "none" };
	const struct value *value = &property->value;
	bool fine = value->length > 0 && value->length <= NETWORK_NAME_MAX;

	if (!check_kind(checker, value, VALUE_STRING, "network") || !check_no_template(checker, value, "network"))
		return;
	for (size_t i = 0; i < 3; i++) {
		size_t length = strlen(known[i]);

		if (value->length == length && strncasecmp(value->text, known[i], length) == 0 &&
		    memcmp(value->text, known[i], length) != 0) {
			diagnostic_did_you_mean(check_error(checker, value->span, "unknown network '%.*s'",
							    SHOWN(value_text(value))),
						known[i]);
			return;
		}
	}
	for (size_t i = 0; i < value->length; i++) {
		unsigned char byte = (unsigned char)value->text[i];

		fine &= byte < 0x80 && (isalpha(byte) || (i > 0 && (isdigit(byte) || byte == '-' || byte == '_')));
	}
	if (!fine)
		diagnostic_hint(check_error(checker, value->span, "malformed network name '%.*s'",
					    SHOWN(value_text(value))),
				"it is bridge, host, none, or a name of letters, digits, '-' and '_'");
}

static void report_capability(struct checker *checker, const struct value *value)
{
	struct ct_slice name = value_text(value), bare = name;
	struct diagnostic *problem = check_error(checker, value->span, "unknown capability '%.*s'", SHOWN(name));

	if (!problem)
		return;
	if (name.length == 3 && strncasecmp(name.text, "ALL", 3) == 0)
		diagnostic_hint(problem, "name each capability that the component needs");
	if (name.length > 4 && strncasecmp(name.text, "CAP_", 4) == 0)
		bare = (struct ct_slice){ name.text + 4, name.length - 4 };
	diagnostic_did_you_mean(problem, suggest_word(bare, ct_capability_names, CT_CAPABILITY_COUNT));
	diagnostic_hint(problem, "capabilities(7) lists them, here without CAP_");
}

void check_capabilities(struct checker *checker, const struct entry *property)
{
	uint64_t seen = 0;

	if (!check_kind(checker, &property->value, VALUE_LIST, "capabilities"))
		return;
	for (const struct entry *item = property->value.first; item; item = item->next) {
		const struct value *value = &item->value;
		int number;

		if (!check_kind(checker, value, VALUE_STRING, "capability") ||
		    !check_no_template(checker, value, "capabilities"))
			continue;
		number = ct_capability_number(value_text(value));
		if (number < 0)
			report_capability(checker, value);
		else if (seen & (uint64_t)1 << number)
			diagnostics_error(checker->diagnostics, "E018", value->span,
					  "capability '%.*s' is listed twice", SHOWN(value_text(value)));
		else
			seen |= (uint64_t)1 << number;
	}
}

void check_required_params(struct checker *checker, const struct entry *property)
{
	struct ct_names seen = CT_NAMES_INIT;

	if (!check_kind(checker, &property->value, VALUE_LIST, "required_params"))
		return;
	for (const struct entry *item = property->value.first; item; item = item->next) {
		const struct value *value = &item->value;

		if (!check_kind(checker, value, VALUE_STRING, "required_params"))
			continue;
		if (!ct_is_identifier(value_text(value)))
			diagnostic_hint(check_error(checker, value->span,
						    "'%.*s' is not the name of a property or variable",
						    SHOWN(value_text(value))),
					"e.g. \"image\" or \"DB_NAME\"");
		else if (!ct_names_add(&seen, value_text(value), 0, NULL))
			diagnostics_error(checker->diagnostics, "E018", value->span, "'%.*s' is listed twice",
					  SHOWN(value_text(value)));
	}
	ct_names_release(&seen);
}

void write_string(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	(void)composition;
	ct_json_text_string(out, value->text, value->length);
}

void write_list(struct ct_buf *out, const struct composition *composition, const struct value *value,
		void (*write_item)(struct ct_buf *out, const struct composition *composition,
				   const struct value *value))
{
	ct_json_text_literal(out, "[");
	for (const struct entry *item = value->first; item; item = item->next) {
		if (item != value->first)
			ct_json_text_literal(out, ",");
		write_item(out, composition, &item->value);
	}
	ct_json_text_literal(out, "]");
}

void write_strings(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	write_list(out, composition, value, write_string);
}

void write_boolean(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	(void)composition;
	ct_buf_puts(out, value->boolean ? "true" : "false");
}
