/*
 * Values of variables whose names say that they are secrets. They are kept here, and a mark stands for each in every text that
 * it is put into: nothing that writes texts, into the file or a message, can give the value away.
 *
 * A mark is byte 0xfe, the name, byte 0xff: no UTF-8, so nothing that was read looks like one. Where one name has several
 * values, in files that include each other, the further ones are called NAME.2, NAME.3 and so on.
 */
#ifndef CTST_CONVERT_SECRET_VALUES_H
#define CTST_CONVERT_SECRET_VALUES_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/names.h"

#define SECRET_VALUES_MAX_BYTES ((size_t)64 << 20) /* that have been put into texts */

struct secret_value {
	const char *name; /* of the mark */
	const char *value;
};

struct secret_values {
	struct ct_arena *arena;
	struct secret_value *items; /* owned */
	size_t count;
	size_t bytes;
	struct ct_names known;   /* "NAME=value", to indices of items */
	struct ct_names numbers; /* names of secrets, to the number of the last value */
};

/* Appends the mark of the variable's value, or the value itself when it is no secret. False: too many bytes. */
bool secret_put(struct secret_values *secrets, struct ct_slice name, const char *value, struct ct_buf *out);

/* Whether the text begins with a mark. */
static inline bool is_secret_mark(const char *text)
{
	return (unsigned char)text[0] == 0xfe;
}

/* The first mark in the text; NULL: none. */
const char *secret_find(const char *text);

/* The bytes of the mark that the text begins with. */
size_t secret_length(const char *mark);

/* The name of the variable that the mark stands for. */
struct ct_slice secret_variable_name(const char *mark);

/* Appends what the mark stands for in a value of env: "${secret.db_password}". */
void append_secret(struct ct_buf *out, const char *mark);

/* Appends the text with "${DB_PASSWORD}" in the place of each mark, for messages. */
void append_without_marks(struct ct_buf *out, const char *text);

/* The name of that secret, from the name of a mark: "db_password" of DB_PASSWORD. In the arena. */
const char *secret_of(struct ct_arena *arena, struct ct_slice name);
const char *secret_of_mark(struct ct_arena *arena, const char *mark);

void secret_values_release(struct secret_values *secrets);

#endif
