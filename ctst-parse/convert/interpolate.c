#include "ctst-parse/convert/interpolate.h"

#include <ctype.h>
#include <string.h>

#include "ctst-parse/convert/secret_values.h"

static enum interpolate_problem expand(struct interpolation *with, struct ct_slice text, struct ct_buf *out, int depth);

static size_t name_length(struct ct_slice text)
{
	size_t length = 0;

	while (length < text.length) {
		unsigned char byte = (unsigned char)text.text[length];

		if (byte >= 0x80 || !(isalpha(byte) || byte == '_' || (length > 0 && isdigit(byte))))
			break;
		length++;
	}
	return length;
}

/* Where the brace closes that `${` at the begin of the text opens; 0: nowhere. */
static size_t closing_brace(struct ct_slice text)
{
	size_t open = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (text.text[i] == '}' && --open == 0)
			return i;
		if (text.text[i] == '$' && i + 1 < text.length && text.text[i + 1] == '{') {
			open++;
			i++;
		}
	}
	return 0;
}

static const char *lookup(const struct interpolation *with, struct ct_slice name)
{
	return with->variables ? variables_get(with->variables, name) : NULL;
}

static enum interpolate_problem put_value(const struct interpolation *with, struct ct_slice name, const char *value,
					  struct ct_buf *out)
{
	struct secret_values *secrets = with->variables ? with->variables->secrets : NULL;

	return secret_put(secrets, name, value, out) ? INTERPOLATE_FINE : INTERPOLATE_TOO_LARGE;
}

static enum interpolate_problem put_variable(struct interpolation *with, struct ct_slice name, struct ct_buf *out)
{
	const char *value = lookup(with, name);

	if (value)
		return put_value(with, name, value, out);
	if (with->unset)
		with->unset(with->data, name);
	return INTERPOLATE_FINE;
}

/* What a secret is where nobody sets it, is as secret. */
static enum interpolate_problem put_default(struct interpolation *with, struct ct_slice name, struct ct_slice value,
					    struct ct_buf *out, int depth)
{
	ct_autobuf text = CT_BUF_INIT;
	enum interpolate_problem problem = expand(with, value, &text, depth + 1);

	ct_buf_puts(&text, "");
	return problem == INTERPOLATE_FINE ? put_value(with, name, text.data, out) : problem;
}

static enum interpolate_problem required(struct interpolation *with, struct ct_slice name, struct ct_slice message,
					 int depth)
{
	ct_autobuf text = CT_BUF_INIT;
	enum interpolate_problem problem = expand(with, message, &text, depth + 1);

	if (problem != INTERPOLATE_FINE)
		return problem;
	ct_buf_clear(&with->message);
	ct_buf_printf(&with->message, "required variable %.*s is missing a value%s", (int)name.length, name.text,
		      text.length ? ": " : "");
	append_without_marks(&with->message, text.length ? text.data : "");
	return INTERPOLATE_REQUIRED;
}

/* `inside` is what stands between the braces. */
static enum interpolate_problem braced(struct interpolation *with, struct ct_slice inside, struct ct_buf *out,
				       int depth)
{
	struct ct_slice name = { inside.text, name_length(inside) };
	struct ct_slice rest = { inside.text + name.length, inside.length - name.length };
	bool empty_counts = rest.length > 0 && rest.text[0] == ':';
	const char *value;
	bool there;
	char sign;

	if (name.length == 0)
		return INTERPOLATE_MALFORMED;
	if (rest.length == 0)
		return put_variable(with, name, out);
	rest.text += empty_counts;
	rest.length -= empty_counts;
	if (rest.length == 0 || !strchr("-+?", rest.text[0]))
		return INTERPOLATE_MALFORMED;
	sign = rest.text[0];
	rest.text++;
	rest.length--;
	value = lookup(with, name);
	there = value && !(empty_counts && value[0] == '\0');
	if (sign == '+')
		return there ? expand(with, rest, out, depth + 1) : INTERPOLATE_FINE;
	if (there)
		return put_value(with, name, value, out);
	return sign == '-' ? put_default(with, name, rest, out, depth) : required(with, name, rest, depth);
}

/* What begins with a `$`; *used is how much of the text that is. */
static enum interpolate_problem reference(struct interpolation *with, struct ct_slice text, size_t *used,
					  struct ct_buf *out, int depth)
{
	char next = text.length > 1 ? text.text[1] : '\0';
	size_t length = name_length((struct ct_slice){ text.text + 1, text.length - 1 });

	*used = 1;
	if (next == '{') {
		size_t close = closing_brace(text);

		*used = close + 1;
		if (close == 0)
			return INTERPOLATE_MALFORMED;
		return braced(with, (struct ct_slice){ text.text + 2, close - 2 }, out, depth);
	}
	if (length > 0) {
		*used = 1 + length;
		return put_variable(with, (struct ct_slice){ text.text + 1, length }, out);
	}
	*used += next == '$';
	ct_buf_putc(out, '$');
	return INTERPOLATE_FINE;
}

/* Depth is bounded; each level is read once to find its end and once to expand it. */
static enum interpolate_problem expand(struct interpolation *with, struct ct_slice text, struct ct_buf *out, int depth)
{
	if (depth > INTERPOLATE_MAX_DEPTH)
		return INTERPOLATE_TOO_LARGE;
	while (text.length > 0) {
		const char *dollar = memchr(text.text, '$', text.length);
		size_t plain = dollar ? (size_t)(dollar - text.text) : text.length, used = 0;
		enum interpolate_problem problem = INTERPOLATE_FINE;

		ct_buf_append(out, text.text, plain);
		text.text += plain;
		text.length -= plain;
		if (dollar)
			problem = reference(with, text, &used, out, depth);
		if (problem != INTERPOLATE_FINE)
			return problem;
		if (out->length > INTERPOLATE_MAX_BYTES)
			return INTERPOLATE_TOO_LARGE;
		text.text += used;
		text.length -= used;
	}
	return INTERPOLATE_FINE;
}

enum interpolate_problem interpolate(struct interpolation *with, struct ct_slice text, struct ct_buf *out)
{
	return expand(with, text, out, 0);
}
