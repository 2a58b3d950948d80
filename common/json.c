#include "common/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

/* A failure document: the stage in front has said what was wrong. */
static void take_failure(const struct ct_json *failure, struct ct_err *err)
{
	int64_t status = CT_EXIT_FAILED;
	const char *code = ct_json_get_string(failure, "code");

	ct_json_get_int(failure, "exit", &status);
	ct_fail(err, code ? code : CT_NO_CODE, "the stage in front of this one failed");
	err->reported = true;
	err->exit_status = status > 0 && status < 256 ? (int)status : CT_EXIT_FAILED;
}

static int check_format(const struct ct_json *root, const char *format, int major, const char *code, struct ct_err *err)
{
	const char *found = ct_json_get_string(root, "format");
	size_t length = strlen(format);
	char *end;
	long version;

	if (found && strcmp(found, "ctst.failure/1") == 0) {
		take_failure(root, err);
		return -1;
	}
	if (!found)
		return ct_fail(err, code, "expected a %s document: there is no member \"format\"", format);
	if (strncmp(found, format, length) != 0 || found[length] != '/')
		return ct_fail(err, code, "expected a %s document, found '%s'", format, found);
	version = strtol(found + length + 1, &end, 10);
	if (*end != '\0' || end == found + length + 1 || version != major) {
		ct_fail(err, code, "%s: this version reads %s/%d", found, format, major);
		return ct_err_hint(err, "use tools of one and the same version at both ends of the pipe");
	}
	return 0;
}

struct ct_json_doc *ct_json_read_document(int fd, const char *format, int major, const char *code, struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autojson *doc = NULL;
	struct ct_json_doc *result;

	if (ct_read_all(fd, CT_JSON_MAX_BYTES, &text) < 0) {
		ct_fail_errno(err, code, "cannot read the %s document", format);
		return NULL;
	}
	if (text.length == 0) {
		ct_fail(err, code, "expected a %s document, got nothing: the input is empty", format);
		return NULL;
	}
	doc = ct_json_parse(text.data, text.length, code, err);
	if (!doc) {
		ct_err_context(err, "%s document", format);
		return NULL;
	}
	if (check_format(ct_json_root(doc), format, major, code, err) < 0)
		return NULL;
	result = doc;
	doc = NULL;
	return result;
}

const struct ct_json *ct_json_get(const struct ct_json *object, const char *key)
{
	if (!object || object->type != CT_JSON_OBJECT)
		return NULL;
	ct_json_each(member, object) {
		if (strcmp(member->key, key) == 0)
			return member;
	}
	return NULL;
}

const struct ct_json *ct_json_get_typed(const struct ct_json *object, const char *key, enum ct_json_type type)
{
	const struct ct_json *member = ct_json_get(object, key);

	return member && member->type == type ? member : NULL;
}

const char *ct_json_get_string(const struct ct_json *object, const char *key)
{
	const struct ct_json *member = ct_json_get_typed(object, key, CT_JSON_STRING);

	return member ? member->text : NULL;
}

bool ct_json_get_int(const struct ct_json *object, const char *key, int64_t *value)
{
	const struct ct_json *member = ct_json_get_typed(object, key, CT_JSON_INT);

	if (member)
		*value = member->integer;
	return member != NULL;
}

bool ct_json_get_bool(const struct ct_json *object, const char *key, bool fallback)
{
	const struct ct_json *member = ct_json_get_typed(object, key, CT_JSON_BOOL);

	return member ? member->boolean : fallback;
}

void ct_json_pass_failure(const char *program, const struct ct_err *err)
{
	ct_autobuf text = CT_BUF_INIT;
	struct ct_err ignored = CT_ERR_INIT;
	struct ct_json_writer *writer;

	if (isatty(STDOUT_FILENO))
		return;
	writer = ct_json_writer_new(&text, false);
	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.failure/1");
	ct_json_member_string(writer, "stage", program);
	ct_json_member_string(writer, "code", err->code);
	ct_json_member_int(writer, "exit", ct_err_exit_status(err));
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, &ignored) == 0) {
		ct_buf_putc(&text, '\n');
		/* Whoever reads has the exit status too; there is nothing left to say it to. */
		(void)ct_write_all(STDOUT_FILENO, text.data, text.length);
	}
}
