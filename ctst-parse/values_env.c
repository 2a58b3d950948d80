#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/json_text.h"
#include "common/secret_names.h"
#include "ctst-parse/check.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/secrets.h"
#include "ctst-parse/values.h"

/* "${secret.db_password}" for DB_PASSWORD. */
static void hint_at_secret(struct diagnostic *problem, struct ct_slice key)
{
	char name[65];
	size_t length = key.length < sizeof(name) ? key.length : sizeof(name) - 1;

	for (size_t i = 0; i < length; i++)
		name[i] = (char)tolower((unsigned char)key.text[i]);
	name[length] = '\0';
	diagnostic_hint(problem, "keep it out of the file: \"${secret.%s}\"", name);
}

static void check_key(struct checker *checker, const struct entry *member)
{
	struct ct_slice key = entry_key(member);

	if (key.length == 0)
		check_error(checker, member->key_span, "the name of an environment variable is empty");
	else if (memchr(key.text, '=', key.length))
		check_error(checker, member->key_span, "the name of an environment variable has a '=' in it");
	else if (memmem(key.text, key.length, "${", 2))
		diagnostics_error(checker->diagnostics, "E017", member->key_span,
				  "'${...}' is not allowed in the name of an environment variable");
}

static bool is_plain_secret(const struct entry *member)
{
	return member->value.kind == VALUE_STRING && ct_name_is_secret(entry_key(member)) &&
	       !ct_value_is_no_secret(value_text(&member->value)) && secret_is_literal(value_text(&member->value));
}

static void check_member(struct checker *checker, const struct entry *member)
{
	const struct value *value = &member->value;

	check_key(checker, member);
	if (value->kind != VALUE_STRING) {
		char name[96];

		snprintf(name, sizeof(name), "env.%.*s", SHOWN(entry_key(member)));
		check_kind(checker, value, VALUE_STRING, name);
		return;
	}
	if (value->damaged)
		return;
	if (value->has_template)
		check_template(checker, value, true);
	if (!is_plain_secret(member))
		return;
	hint_at_secret(diagnostics_warning(checker->diagnostics, "", value->span, "'%.*s' holds a secret in plain text",
					   SHOWN(entry_key(member))),
		       entry_key(member));
}

void check_env(struct checker *checker, const struct entry *property)
{
	if (!check_kind(checker, &property->value, VALUE_MAP, "env"))
		return;
	for (const struct entry *member = property->value.first; member; member = member->next) {
		if ((property->inherited || member->inherited) == checker->checks_inherited)
			check_member(checker, member);
	}
}

void write_env(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	(void)composition;
	ct_json_text_literal(out, "{");
	for (const struct entry *member = value->first; member; member = member->next) {
		if (member != value->first)
			ct_json_text_literal(out, ",");
		ct_json_text_string(out, member->key, member->key_length);
		ct_json_text_literal(out, ":");
		ct_json_text_string(out, member->value.text, member->value.length);
	}
	ct_json_text_literal(out, "}");
}
