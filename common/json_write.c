/* Calls → text: the only file that knows which library writes. */
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "common/json.h"

struct ct_json_writer {
	yajl_gen generator;
	struct ct_buf *out;
	bool pretty;
	yajl_gen_status status; /* the first one that was not ok */
};

static void print(void *context, const char *text, size_t length)
{
	ct_buf_append(context, text, length);
}

static void keep(struct ct_json_writer *writer, yajl_gen_status status)
{
	if (writer->status == yajl_gen_status_ok && status != yajl_gen_generation_complete)
		writer->status = status;
}

struct ct_json_writer *ct_json_writer_new(struct ct_buf *out, bool pretty)
{
	struct ct_json_writer *writer = ct_alloc_array(1, sizeof(*writer));

	writer->out = out;
	writer->pretty = pretty;
	writer->generator = yajl_gen_alloc(NULL);
	if (!writer->generator) {
		writer->status = yajl_gen_no_buf;
		return writer;
	}
	yajl_gen_config(writer->generator, yajl_gen_print_callback, print, out);
	yajl_gen_config(writer->generator, yajl_gen_validate_utf8, 1);
	if (pretty) {
		yajl_gen_config(writer->generator, yajl_gen_beautify, 1);
		yajl_gen_config(writer->generator, yajl_gen_indent_string, "  ");
	}
	return writer;
}

void ct_json_open_object(struct ct_json_writer *writer)
{
	keep(writer, yajl_gen_map_open(writer->generator));
}

void ct_json_close_object(struct ct_json_writer *writer)
{
	keep(writer, yajl_gen_map_close(writer->generator));
}

void ct_json_open_array(struct ct_json_writer *writer)
{
	keep(writer, yajl_gen_array_open(writer->generator));
}

void ct_json_close_array(struct ct_json_writer *writer)
{
	keep(writer, yajl_gen_array_close(writer->generator));
}

void ct_json_string_n(struct ct_json_writer *writer, const char *text, size_t length)
{
	keep(writer, yajl_gen_string(writer->generator, (const unsigned char *)text, length));
}

void ct_json_string(struct ct_json_writer *writer, const char *text)
{
	ct_json_string_n(writer, text, strlen(text));
}

void ct_json_key(struct ct_json_writer *writer, const char *key)
{
	ct_json_string(writer, key);
}

void ct_json_int(struct ct_json_writer *writer, int64_t value)
{
	keep(writer, yajl_gen_integer(writer->generator, value));
}

void ct_json_bool(struct ct_json_writer *writer, bool value)
{
	keep(writer, yajl_gen_bool(writer->generator, value));
}

void ct_json_null(struct ct_json_writer *writer)
{
	keep(writer, yajl_gen_null(writer->generator));
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
		keep(writer, yajl_gen_number(writer->generator, value->text, value->length));
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

static void close_container(struct ct_json_writer *writer, const struct ct_json *value)
{
	if (value->type == CT_JSON_ARRAY)
		ct_json_close_array(writer);
	else
		ct_json_close_object(writer);
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
			close_container(writer, at);
		} else {
			write_scalar(writer, at);
		}
		while (depth > 0 && !at->next) {
			at = open[--depth];
			close_container(writer, at);
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
	yajl_gen_status status = writer->status;

	if (writer->generator)
		yajl_gen_free(writer->generator);
	if (writer->pretty && writer->out->length > 0 && writer->out->data[writer->out->length - 1] != '\n')
		ct_buf_putc(writer->out, '\n');
	free(writer);
	switch (status) {
	case yajl_gen_status_ok:
		return 0;
	case yajl_gen_invalid_string:
		return ct_fail(err, CT_NO_CODE, "cannot write JSON: a string is not valid UTF-8");
	case yajl_max_depth_exceeded:
		return ct_fail(err, CT_NO_CODE, "cannot write JSON: nested too deeply");
	default:
		return ct_fail(err, CT_NO_CODE, "cannot write JSON (error %d of the library)", (int)status);
	}
}
