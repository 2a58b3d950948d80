#include "common/template.h"

#include <ctype.h>
#include <string.h>

bool ct_slice_is(struct ct_slice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.text, text, slice.length) == 0;
}

static bool is_name(struct ct_slice slice)
{
	if (slice.length == 0)
		return false;
	for (size_t i = 0; i < slice.length; i++) {
		unsigned char byte = (unsigned char)slice.text[i];

		if (!isalnum(byte) && byte != '_' && byte != '-')
			return false;
	}
	return !isdigit((unsigned char)slice.text[0]);
}

/* Secrets may have dots inside their names: ${secret.db.password}. */
static bool is_secret_name(struct ct_slice slice)
{
	if (slice.length == 0 || slice.text[0] == '.' || slice.text[slice.length - 1] == '.')
		return false;
	for (size_t i = 0; i < slice.length; i++) {
		unsigned char byte = (unsigned char)slice.text[i];

		if (!isalnum(byte) && byte != '_' && byte != '-' && (byte != '.' || slice.text[i - 1] == '.'))
			return false;
	}
	return true;
}

static struct ct_template_part broken(struct ct_template_part part, const char *problem)
{
	part.kind = CT_TEMPLATE_BROKEN;
	part.problem = problem;
	return part;
}

static struct ct_template_part environment_part(struct ct_template_part part, struct ct_slice rest)
{
	part.kind = CT_TEMPLATE_ENV;
	part.name = rest;
	for (size_t i = 0; i + 1 < rest.length; i++) {
		if (rest.text[i] == ':' && rest.text[i + 1] == '-') {
			part.name.length = i;
			part.fallback = (struct ct_slice){ rest.text + i + 2, rest.length - i - 2 };
			part.has_fallback = true;
			break;
		}
	}
	if (!is_name(part.name) || memchr(part.name.text, '-', part.name.length))
		return broken(part,
			      "malformed name of an environment variable (a default is written ${env.NAME:-default})");
	return part;
}

/* `inside` is what stands between the braces. */
static struct ct_template_part reference(struct ct_template_part part, struct ct_slice inside)
{
	const char *dot = inside.length ? memchr(inside.text, '.', inside.length) : NULL;
	struct ct_slice rest;

	if (inside.length == 0)
		return broken(part, "empty ${}");
	if (inside.length > 1 && memmem(inside.text, inside.length, "${", 2))
		return broken(part, "${ inside ${…}: there is no nesting");
	if (!dot)
		return broken(part, "no '.' in ${…}: expected component.field, secret.name or env.NAME");
	part.name = (struct ct_slice){ inside.text, (size_t)(dot - inside.text) };
	rest = (struct ct_slice){ dot + 1, inside.length - part.name.length - 1 };
	if (ct_slice_is(part.name, "env"))
		return environment_part(part, rest);
	if (ct_slice_is(part.name, "secret")) {
		part.kind = CT_TEMPLATE_SECRET;
		part.name = rest;
		return is_secret_name(rest) ? part : broken(part, "the name of a secret is missing or malformed");
	}
	part.kind = CT_TEMPLATE_COMPONENT;
	part.field = rest;
	if (!is_name(part.name))
		return broken(part, "malformed component name in ${…}");
	if (!is_name(part.field))
		return broken(part, "malformed field in ${…}");
	return part;
}

struct ct_template_part ct_template_next(struct ct_template *template)
{
	const char *begin = template->text + template->position;
	size_t left = template->length - template->position;
	struct ct_template_part part = { .kind = CT_TEMPLATE_END, .offset = template->position };
	const char *end;
	size_t plain = 0;

	if (left == 0)
		return part;
	if (left >= 3 && memcmp(begin, "$${", 3) == 0) {
		template->position += 3;
		part.kind = CT_TEMPLATE_LITERAL;
		part.source = (struct ct_slice){ begin, 3 };
		part.text = (struct ct_slice){ begin + 1, 2 };
		return part;
	}
	if (left >= 2 && memcmp(begin, "${", 2) == 0) {
		end = memchr(begin, '}', left);
		part.source = (struct ct_slice){ begin, end ? (size_t)(end - begin) + 1 : left };
		template->position += part.source.length;
		if (!end)
			return broken(part, "unclosed ${");
		return reference(part, (struct ct_slice){ begin + 2, part.source.length - 3 });
	}
	while (plain < left) {
		if (begin[plain] == '$' && left - plain >= 2 && begin[plain + 1] == '{')
			break;
		if (begin[plain] == '$' && left - plain >= 3 && begin[plain + 1] == '$' && begin[plain + 2] == '{')
			break;
		plain++;
	}
	template->position += plain;
	part.kind = CT_TEMPLATE_LITERAL;
	part.source = part.text = (struct ct_slice){ begin, plain };
	return part;
}

/*
 * `$` directly before `${` needs care: "$$" + "{" in the quoted text must not swallow
 * it. "$${" stands for "${", so a literal "$${" is written "$$${": the scanner takes
 * the first `$` as itself and then finds "$${".
 */
void ct_template_quote(struct ct_buf *out, const char *text)
{
	for (const char *at = text; *at; at++) {
		if (at[0] == '$' && at[1] == '{')
			ct_buf_putc(out, '$');
		ct_buf_putc(out, *at);
	}
}
