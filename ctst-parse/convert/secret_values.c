#include "ctst-parse/convert/secret_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret_names.h"

#define BEGIN '\xfe'
#define END '\xff'

static void append_mark(struct ct_buf *out, const char *name)
{
	ct_buf_putc(out, BEGIN);
	ct_buf_puts(out, name);
	ct_buf_putc(out, END);
}

const char *secret_of(struct ct_arena *arena, struct ct_slice name)
{
	char *text = ct_arena_copy(arena, name.text, name.length);

	for (char *at = text; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return text;
}

/* A name of its own for each further value of a secret; names of secrets do not tell capitals from small letters. */
static const char *new_name(struct secret_values *secrets, struct ct_slice variable)
{
	const char *secret = secret_of(secrets->arena, variable);
	uint32_t number = 1;

	if (ct_names_add(&secrets->numbers, ct_slice_of(secret), number, &number))
		return ct_arena_copy(secrets->arena, variable.text, variable.length);
	ct_names_replace(&secrets->numbers, ct_slice_of(secret), ++number, NULL);
	return ct_arena_printf(secrets->arena, "%.*s.%u", (int)variable.length, variable.text, number);
}

static const char *remember(struct secret_values *secrets, struct ct_slice name, const char *value)
{
	ct_autobuf key = CT_BUF_INIT;
	uint32_t number;

	ct_buf_append(&key, name.text, name.length);
	ct_buf_printf(&key, "=%s", value);
	if (secrets->count > 0 && ct_names_get(&secrets->known, ct_slice_of(key.data), &number))
		return secrets->items[number].name;
	if ((secrets->count & (secrets->count + 1)) == 0)
		secrets->items = ct_realloc_array(secrets->items, 2 * secrets->count + 2, sizeof(*secrets->items));
	secrets->items[secrets->count] = (struct secret_value){
		new_name(secrets, name),
		ct_arena_copy(secrets->arena, value, strlen(value)),
	};
	ct_names_add(&secrets->known, ct_slice_of(ct_arena_take(secrets->arena, &key)), (uint32_t)secrets->count, NULL);
	return secrets->items[secrets->count++].name;
}

bool secret_put(struct secret_values *secrets, struct ct_slice name, const char *value, struct ct_buf *out)
{
	if (!secrets || !ct_name_is_secret(name) || ct_value_is_no_secret(ct_slice_of(value))) {
		ct_buf_puts(out, value);
		return true;
	}
	secrets->bytes += strlen(value);
	if (secrets->bytes > SECRET_VALUES_MAX_BYTES)
		return false;
	append_mark(out, remember(secrets, name, value));
	return true;
}

void append_without_marks(struct ct_buf *out, const char *text)
{
	for (const char *mark; (mark = secret_find(text)) != NULL; text = mark + secret_length(mark)) {
		struct ct_slice name = secret_variable_name(mark);

		ct_buf_append(out, text, (size_t)(mark - text));
		ct_buf_printf(out, "${%.*s}", (int)name.length, name.text);
	}
	ct_buf_puts(out, text);
}

const char *secret_find(const char *text)
{
	return strchr(text, (unsigned char)BEGIN);
}

size_t secret_length(const char *mark)
{
	const char *end = strchr(mark, (unsigned char)END);

	/* One that was cut off. */
	return end ? (size_t)(end - mark) + 1 : strlen(mark);
}

/* Between the two bytes. */
static struct ct_slice inside(const char *mark)
{
	size_t length = secret_length(mark);

	return (struct ct_slice){ mark + 1, length - 1 - (length > 1 && mark[length - 1] == END) };
}

struct ct_slice secret_variable_name(const char *mark)
{
	struct ct_slice name = inside(mark);
	const char *dot = name.length ? memchr(name.text, '.', name.length) : NULL;

	if (dot)
		name.length = (size_t)(dot - name.text);
	return name;
}

const char *secret_of_mark(struct ct_arena *arena, const char *mark)
{
	return secret_of(arena, inside(mark));
}

void append_secret(struct ct_buf *out, const char *mark)
{
	struct ct_slice name = inside(mark);

	ct_buf_puts(out, "${secret.");
	for (size_t i = 0; i < name.length; i++)
		ct_buf_putc(out, (char)tolower((unsigned char)name.text[i]));
	ct_buf_putc(out, '}');
}

void secret_values_release(struct secret_values *secrets)
{
	free(secrets->items);
	ct_names_release(&secrets->known);
	ct_names_release(&secrets->numbers);
}
