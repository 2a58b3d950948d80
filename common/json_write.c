/* Calls → text. Commas, keys and nesting are settled here; how a value is spelled is common/json_text.h's matter. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_text.h"
#include "common/utf8.h"

struct ct_json_writer {
	struct ct_buf *out;
	bool pretty;
	bool empty;     /* nothing stands yet in the innermost open container, or in the document */
	bool after_key; /* the value of a member comes next */
	size_t depth;
	char closing[CT_JSON_MAX_DEPTH]; /* the brackets that close what is open */
	const char *problem;             /* the first one; nothing is written after it */
};

struct ct_json_writer *ct_json_writer_new(struct ct_buf *out, bool pretty)
{
	struct ct_json_writer *writer = ct_alloc_array(1, sizeof(*writer));

	writer->out = out;
	writer->pretty = pretty;
	writer->empty = true;
	return writer;
}

static bool refuse(struct ct_json_writer *writer, const char *problem)
{
	if (!writer->problem)
		writer->problem = problem;
	return false;
}

static void break_line(struct ct_json_writer *writer)
{
	if (!writer->pretty)
		return;
	ct_json_text_literal(writer->out, "\n");
	for (size_t i = 0; i < writer->depth; i++)
		ct_json_text_literal(writer->out, "  ");
}

/* What stands between the last thing written and the key or value that comes now; false when there is a problem. */
static bool begin(struct ct_json_writer *writer, bool is_key)
{
	bool wants_key = writer->depth > 0 && writer->closing[writer->depth - 1] == '}' && !writer->after_key;

	if (writer->problem)
		return false;
	if (is_key != wants_key)
		return refuse(writer, is_key ? "a key outside of an object" : "a member without a key");
	if (writer->depth == 0 && !writer->empty)
		return refuse(writer, "a second document behind the first");
	if (!writer->after_key) {
		if (!writer->empty)
			ct_json_text_literal(writer->out, ",");
		if (writer->depth > 0)
			break_line(writer);
	}
	writer->empty = false;
	writer->after_key = is_key;
	return true;
}

static void open_container(struct ct_json_writer *writer, const char *bracket, char closing)
{
	if (!begin(writer, false))
		return;
	if (writer->depth == CT_JSON_MAX_DEPTH) {
		refuse(writer, "nested too deeply");
		return;
	}
	ct_json_text_raw(writer->out, bracket, 1);
	writer->closing[writer->depth++] = closing;
	writer->empty = true;
}

static void close_container(struct ct_json_writer *writer, char closing)
{
	if (writer->problem)
		return;
	if (writer->depth == 0 || writer->closing[writer->depth - 1] != closing || writer->after_key) {
		refuse(writer, "closed what is not open");
		return;
	}
	writer->depth--;
	if (!writer->empty)
		break_line(writer);
	ct_json_text_raw(writer->out, &closing, 1);
	writer->empty = false;
}

void ct_json_open_object(struct ct_json_writer *writer)
{
	open_container(writer, "{", '}');
}

void ct_json_close_object(struct ct_json_writer *writer)
{
	close_container(writer, '}');
}

void ct_json_open_array(struct ct_json_writer *writer)
{
	open_container(writer, "[", ']');
}

void ct_json_close_array(struct ct_json_writer *writer)
{
	close_container(writer, ']');
}

static void write_string(struct ct_json_writer *writer, const char *text, size_t length, bool is_key)
{
	if (!ct_utf8_is_valid(text, length))
		refuse(writer, "a string is not valid UTF-8");
	else if (begin(writer, is_key))
		ct_json_text_string(writer->out, text, length);
}

void ct_json_string_n(struct ct_json_writer *writer, const char *text, size_t length)
{
	write_string(writer, text, length, false);
}

void ct_json_string(struct ct_json_writer *writer, const char *text)
{
	write_string(writer, text, strlen(text), false);
}

void ct_json_key(struct ct_json_writer *writer, const char *key)
{
	write_string(writer, key, strlen(key), true);
	if (!writer->problem)
		ct_json_text_raw(writer->out, ": ", writer->pretty ? 2 : 1);
}

void ct_json_int(struct ct_json_writer *writer, int64_t value)
{
	if (begin(writer, false))
		ct_json_text_integer(writer->out, value);
}

/* Text that is JSON already. */
static void write_plain(struct ct_json_writer *writer, const char *text, size_t length)
{
	if (begin(writer, false))
		ct_json_text_raw(writer->out, text, length);
}

void ct_json_bool(struct ct_json_writer *writer, bool value)
{
	if (value)
		write_plain(writer, "true", 4);
	else
		write_plain(writer, "false", 5);
}

void ct_json_null(struct ct_json_writer *writer)
{
	write_plain(writer, "null", 4);
}

static void write_scalar(struct ct_json_writer *writer, const struct ct_json *value)
{
	switch (value->type) {
	case CT_JSON_BOOL:
		ct_json_bool(writer, value->boolean);
		break;
	case CT_JSON_INT:
		ct_json_int(writer, value->integer);
		break;
	case CT_JSON_REAL:
		write_plain(writer, value->text, value->length);
		break;
	case CT_JSON_STRING:
		ct_json_string_n(writer, value->text, value->length);
		break;
	default:
		ct_json_null(writer);
	}
}

static bool is_container(const struct ct_json *value)
{
	return value->type == CT_JSON_ARRAY || value->type == CT_JSON_OBJECT;
}

static void close_value(struct ct_json_writer *writer, const struct ct_json *value)
{
	close_container(writer, value->type == CT_JSON_ARRAY ? ']' : '}');
}

/* Walks without recursion: the way back up is kept in an array as deep as a document may be. */
void ct_json_value(struct ct_json_writer *writer, const struct ct_json *value)
{
	const struct ct_json *open[CT_JSON_MAX_DEPTH + 1] = { NULL };
	const struct ct_json *at = value;
	size_t depth = 0;

	for (;;) {
		if (at != value && at->key)
			ct_json_key(writer, at->key);
		if (is_container(at)) {
			if (at->type == CT_JSON_ARRAY)
				ct_json_open_array(writer);
			else
				ct_json_open_object(writer);
			if (at->first) {
				open[depth++] = at;
				at = at->first;
				continue;
			}
			close_value(writer, at);
		} else {
			write_scalar(writer, at);
		}
		while (depth > 0 && !at->next) {
			at = open[--depth];
			close_value(writer, at);
		}
		if (depth == 0)
			return;
		at = at->next;
	}
}

void ct_json_member_string(struct ct_json_writer *writer, const char *key, const char *text)
{
	if (!text)
		return;
	ct_json_key(writer, key);
	ct_json_string(writer, text);
}

void ct_json_member_int(struct ct_json_writer *writer, const char *key, int64_t value)
{
	ct_json_key(writer, key);
	ct_json_int(writer, value);
}

void ct_json_member_bool(struct ct_json_writer *writer, const char *key, bool value)
{
	ct_json_key(writer, key);
	ct_json_bool(writer, value);
}

void ct_json_member_value(struct ct_json_writer *writer, const char *key, const struct ct_json *value)
{
	ct_json_key(writer, key);
	ct_json_value(writer, value);
}

int ct_json_writer_finish(struct ct_json_writer *writer, struct ct_err *err)
{
	const char *problem = writer->problem;

	if (writer->pretty && writer->out->length > 0 && writer->out->data[writer->out->length - 1] != '\n')
		ct_json_text_literal(writer->out, "\n");
	free(writer);
	return problem ? ct_fail(err, CT_NO_CODE, "cannot write JSON: %s", problem) : 0;
}
