/* 'seccomp': a profile of system calls in place of the list that every container has, or none. */
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/json_text.h"
#include "ctst-parse/check.h"
#include "ctst-parse/diagnostics.h"
#include "ctst-parse/suggestion.h"
#include "ctst-parse/values.h"

static bool is_path(struct ct_slice text)
{
	return text.length > 0 && (text.text[0] == '/' || (text.length > 2 && memcmp(text.text, "./", 2) == 0));
}

static void check_file(struct checker *checker, const struct value *value)
{
	ct_autofree char *path = NULL;
	struct stat status;

	if (!composition_source(checker->composition, value->span)->directory && value->text[0] == '.') {
		check_error(checker, value->span, "a file from the network has nothing beside it: '%.*s'",
			    SHOWN(value_text(value)));
		return;
	}
	if (!check_is_deployed(checker))
		return;
	path = value_host_path(checker->composition, value, value_text(value));
	if (stat(path, &status) < 0)
		diagnostic_hint(check_error(checker, value->span, "the seccomp profile '%s' does not exist", path),
				"a relative path begins in the directory of the file that says it");
	else if (!S_ISREG(status.st_mode))
		check_error(checker, value->span, "the seccomp profile '%s' is not a file", path);
}

void check_seccomp(struct checker *checker, const struct entry *property)
{
	static const char *const words[] = { "unconfined" };
	const struct value *value = &property->value;
	struct diagnostic *problem;

	if (!check_kind(checker, value, VALUE_STRING, "seccomp") || !check_no_template(checker, value, "seccomp"))
		return;
	if (ct_slice_is(value_text(value), "unconfined"))
		return;
	if (is_path(value_text(value))) {
		check_file(checker, value);
		return;
	}
	problem = check_error(checker, value->span,
			      "'seccomp' is the path of a profile, absolute or beginning with ./, or \"unconfined\"");
	diagnostic_did_you_mean(problem, suggest_word(value_text(value), words, 1));
}

void write_seccomp(struct ct_buf *out, const struct composition *composition, const struct value *value)
{
	ct_autofree char *path = NULL;

	if (!is_path(value_text(value))) {
		write_string(out, composition, value);
		return;
	}
	path = value_host_path(composition, value, value_text(value));
	ct_json_text_string(out, path, strlen(path));
}
