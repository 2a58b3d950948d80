#include <string.h>

#include "ctst-parse/check.h"
#include "ctst-parse/values.h"

/* A command as one string: the words of it, when there is nothing a shell would do with it. */
static void hint_at_list(struct diagnostic *problem, const struct value *value)
{
	ct_autobuf list = CT_BUF_INIT;

	if (!problem || value->kind != VALUE_STRING || value->length == 0 || value->length > 200)
		return;
	for (uint32_t i = 0; i < value->length; i++) {
		if (strchr("\"'\\|&;<>()$`*?[]#~=%\n\t", value->text[i])) {
			diagnostic_hint(problem, "a shell's command line is [\"/bin/sh\", \"-c\", \"...\"]");
			return;
		}
	}
	for (uint32_t i = 0; i < value->length;) {
		uint32_t begin = i;

		while (i < value->length && value->text[i] != ' ')
			i++;
		if (i > begin)
			ct_buf_printf(&list, "%s\"%.*s\"", list.length ? ", " : "", (int)(i - begin),
				      value->text + begin);
		i++;
	}
	diagnostic_hint(problem, "write [%s]", list.length ? list.data : "");
}

void check_argument_list(struct checker *checker, const struct value *value, const char *name)
{
	if (value->damaged)
		return;
	if (value->kind == VALUE_STRING) {
		hint_at_list(check_error(checker, value->span, "'%s' must be a list of strings, not a string", name),
			     value);
		return;
	}
	if (!check_kind(checker, value, VALUE_LIST, name))
		return;
	for (const struct entry *item = value->first; item; item = item->next) {
		if (!check_kind(checker, &item->value, VALUE_STRING, name))
			continue;
		if (item->value.has_template)
			check_template(checker, &item->value, false);
		/* Behind an image's entrypoint even an empty first argument makes sense. */
		if (item == value->first && item->value.length == 0 && strcmp(name, "command") != 0)
			check_error(checker, item->value.span, "the program in '%s' is an empty string", name);
	}
}

void check_arguments(struct checker *checker, const struct entry *property)
{
	check_argument_list(checker, &property->value,
			    ct_slice_is(entry_key(property), "command") ? "command" : "entrypoint");
}
