/*
 * JSON as it travels between the tools: one document per pipe, UTF-8, RFC 8259.
 *
 * Reading gives a tree whose nodes all live in one arena: nothing in it is freed
 * singly and nothing in it outlives ct_json_free(). The tree is built from a
 * streaming parser with bounds on size and depth; members given twice, embedded
 * NULs, invalid UTF-8, a second document behind the first: all refused.
 *
 * Writing keeps the order of the calls, so equal input gives equal bytes.
 *
 * json_read.c is the only file that knows which library parses.
 */
#ifndef CT_JSON_H
#define CT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

enum ct_json_type {
	CT_JSON_NULL,
	CT_JSON_BOOL,
	CT_JSON_INT,  /* fits in 64 bits, no fraction, no exponent */
	CT_JSON_REAL, /* every other number; its text is kept as it was written */
	CT_JSON_STRING,
	CT_JSON_ARRAY,
	CT_JSON_OBJECT,
};

struct ct_json {
	enum ct_json_type type;
	bool boolean;
	int64_t integer;
	const char *key;       /* the member's name when the parent is an object, else NULL */
	const char *text;      /* STRING and REAL: NUL-terminated, holds no NUL itself */
	size_t length;         /* STRING and REAL: bytes; ARRAY and OBJECT: number of children */
	struct ct_json *first; /* ARRAY and OBJECT: the children in order, linked by next */
	struct ct_json *last;
	struct ct_json *next;
};

struct ct_json_doc; /* owns the arena */

#define CT_JSON_MAX_BYTES ((size_t)1 << 30) /* one document */
#define CT_JSON_MAX_DEPTH 64

#define ct_json_each(child, parent) \
	for (const struct ct_json *child = (parent) ? (parent)->first : NULL; child; child = child->next)

/* Parses `length` bytes. Returns NULL with `code` in *err; the message says where ("line 3, column 14"). */
struct ct_json_doc *ct_json_parse(const char *text, size_t length, const char *code, struct ct_err *err);

/*
 * Reads one document of a pipe to its end and checks its first member: "format"
 * must be `<format>/<major>`. A larger or other major version, another format or an
 * empty input is an error with `code`. Where the stage in front has failed it sends a
 * ctst.failure document instead; then *err comes back with `reported` set and that
 * stage's exit status, and the caller passes it on (ct_json_pass_failure).
 */
struct ct_json_doc *ct_json_read_document(int fd, const char *format, int major, const char *code, struct ct_err *err);

/* NULL is accepted. */
void ct_json_free(struct ct_json_doc *doc);
static inline void ct_json_cleanup(struct ct_json_doc **doc)
{
	ct_json_free(*doc);
}
#define ct_autojson __attribute__((cleanup(ct_json_cleanup))) struct ct_json_doc

const struct ct_json *ct_json_root(const struct ct_json_doc *doc);

/* The member called `key`; NULL when there is none or `object` is NULL or not an object. */
const struct ct_json *ct_json_get(const struct ct_json *object, const char *key);

/* The member as text; NULL when absent or not a string. Lives as long as the document. */
const char *ct_json_get_string(const struct ct_json *object, const char *key);

/* True and *value set when the member is a 64-bit integer; else false, *value untouched. */
bool ct_json_get_int(const struct ct_json *object, const char *key, int64_t *value);

/* The member as a boolean; `fallback` when absent or of another type. */
bool ct_json_get_bool(const struct ct_json *object, const char *key, bool fallback);

/* The member when it is of that type; NULL otherwise. */
const struct ct_json *ct_json_get_typed(const struct ct_json *object, const char *key, enum ct_json_type type);

/*
 * The writer appends to a buffer. Its first error is kept (a string that is not
 * UTF-8, nesting past CT_JSON_MAX_DEPTH) and told by ct_json_writer_finish().
 */
struct ct_json_writer;

/* `pretty`: indented by two spaces and with a newline at the end, for files and terminals; else compact. */
struct ct_json_writer *ct_json_writer_new(struct ct_buf *out, bool pretty);
void ct_json_open_object(struct ct_json_writer *writer);
void ct_json_close_object(struct ct_json_writer *writer);
void ct_json_open_array(struct ct_json_writer *writer);
void ct_json_close_array(struct ct_json_writer *writer);
void ct_json_key(struct ct_json_writer *writer, const char *key);
void ct_json_string(struct ct_json_writer *writer, const char *text);
void ct_json_string_n(struct ct_json_writer *writer, const char *text, size_t length);
void ct_json_int(struct ct_json_writer *writer, int64_t value);
void ct_json_bool(struct ct_json_writer *writer, bool value);
void ct_json_null(struct ct_json_writer *writer);
/* A whole tree, keys of its own nodes included, the node's own key not. */
void ct_json_value(struct ct_json_writer *writer, const struct ct_json *value);
/* key and value in one call; a NULL text writes nothing at all. */
void ct_json_member_string(struct ct_json_writer *writer, const char *key, const char *text);
void ct_json_member_int(struct ct_json_writer *writer, const char *key, int64_t value);
void ct_json_member_bool(struct ct_json_writer *writer, const char *key, bool value);
void ct_json_member_value(struct ct_json_writer *writer, const char *key, const struct ct_json *value);
/* Frees the writer. -1 with the first error. */
int ct_json_writer_finish(struct ct_json_writer *writer, struct ct_err *err);

/*
 * Tells the next stage of the pipeline that this one failed, so that one message
 * is printed and not four: {"format":"ctst.failure/1","stage":…,"code":…,"exit":N}.
 * Nothing is written when stdout is a terminal.
 */
void ct_json_pass_failure(const char *program, const struct ct_err *err);

#endif
