#include "ctst-plan/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEEPEST 8 /* places in the documents this tool reads */

void place_describe(struct ct_buf *out, const struct place *place)
{
	const struct place *chain[DEEPEST];
	size_t count = 0;

	for (; place && count < DEEPEST; place = place->up)
		chain[count++] = place;
	while (count-- > 0) {
		if (!chain[count]->member)
			ct_buf_printf(out, "[%zu]", chain[count]->index);
		else
			ct_buf_printf(out, "%s%s", out->length ? "." : "", chain[count]->member);
	}
}

int check_fail(struct ct_err *err, const struct place *place, const char *format, ...)
{
	char message[512];
	ct_autobuf path = CT_BUF_INIT;
	va_list arguments;

	place_describe(&path, place);
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (path.length == 0)
		return ct_fail(err, "P001", "composition: %s", message);
	return ct_fail(err, "P001", "composition: %.400s: %s", path.data, message);
}

static const char *const type_names[] = {
	[CT_JSON_NULL] = "null",        [CT_JSON_BOOL] = "a boolean",  [CT_JSON_INT] = "an integer",
	[CT_JSON_REAL] = "a number",    [CT_JSON_STRING] = "a string", [CT_JSON_ARRAY] = "a list",
	[CT_JSON_OBJECT] = "an object",
};

int check_type(const struct ct_json *value, enum ct_json_type type, const struct place *place, struct ct_err *err)
{
	if (value->type == type)
		return 0;
	return check_fail(err, place, "expected %s, found %s", type_names[type], type_names[value->type]);
}

int check_int(const struct ct_json *value, int64_t least, int64_t most, const struct place *place, int64_t *out,
	      struct ct_err *err)
{
	if (check_type(value, CT_JSON_INT, place, err) < 0)
		return -1;
	if (value->integer < least || value->integer > most)
		return check_fail(err, place, "%" PRId64 " is not within %" PRId64 " and %" PRId64, value->integer,
				  least, most);
	*out = value->integer;
	return 0;
}

int check_string(const struct ct_json *value, bool filled, const struct place *place, const char **out,
		 struct ct_err *err)
{
	if (check_type(value, CT_JSON_STRING, place, err) < 0)
		return -1;
	if (filled && value->length == 0)
		return check_fail(err, place, "must not be empty");
	*out = value->text;
	return 0;
}

int check_length(const struct ct_json *value, enum ct_json_type type, size_t most, const struct place *place,
		 struct ct_err *err)
{
	if (check_type(value, type, place, err) < 0)
		return -1;
	if (value->length > most)
		return check_fail(err, place, "%zu items, at most %zu are allowed", value->length, most);
	return 0;
}

int check_strings(const struct ct_json *value, size_t most, const struct place *place, struct ct_err *err)
{
	size_t index = 0;

	if (check_length(value, CT_JSON_ARRAY, most, place, err) < 0)
		return -1;
	ct_json_each(item, value) {
		if (check_type(item, CT_JSON_STRING, PLACE_ITEM(place, index), err) < 0)
			return -1;
		index++;
	}
	return 0;
}

const struct ct_json *check_member(const struct ct_json *object, const char *key, const struct place *place,
				   struct ct_err *err)
{
	const struct ct_json *value;

	if (check_type(object, CT_JSON_OBJECT, place, err) < 0)
		return NULL;
	value = ct_json_get(object, key);
	if (!value)
		check_fail(err, PLACE_MEMBER(place, key), "required member is missing");
	return value;
}

int check_member_string(const struct ct_json *object, const char *key, const struct place *place, const char **out,
			struct ct_err *err)
{
	const struct ct_json *value = check_member(object, key, place, err);

	return value ? check_string(value, true, PLACE_MEMBER(place, key), out, err) : -1;
}
