/* Text → tree: the only file that knows which library parses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/utf8.h"

struct ct_json_doc {
	struct ct_arena arena; /* nodes and strings */
	struct ct_json *root;
};

struct reader {
	struct ct_json_doc *doc;
	struct ct_json *open[CT_JSON_MAX_DEPTH];
	size_t depth;
	const char *key; /* of the value that comes next */
	const char *problem;
};

static int refuse(struct reader *reader, const char *problem)
{
	reader->problem = problem;
	return 0;
}

static const char *copy_text(struct reader *reader, const char *text, size_t length)
{
	if (memchr(text, '\0', length)) {
		refuse(reader, "a string holds a NUL character");
		return NULL;
	}
	return ct_arena_copy(&reader->doc->arena, text, length);
}

/* Links a new node behind its siblings; NULL when there was a problem. */
static struct ct_json *add(struct reader *reader, enum ct_json_type type)
{
	struct ct_json *node = ct_arena_alloc(&reader->doc->arena, sizeof(*node));
	struct ct_json *parent;

	*node = (struct ct_json){ .type = type, .key = reader->key };
	reader->key = NULL;
	if (reader->depth == 0) {
		reader->doc->root = node;
		return node;
	}
	parent = reader->open[reader->depth - 1];
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->length++;
	return node;
}

static void add_text(struct reader *reader, enum ct_json_type type, const char *copy, size_t length)
{
	struct ct_json *node = add(reader, type);

	node->text = copy;
	node->length = length;
}

static int on_null(void *context)
{
	add(context, CT_JSON_NULL);
	return 1;
}

static int on_boolean(void *context, int value)
{
	add(context, CT_JSON_BOOL)->boolean = value != 0;
	return 1;
}

/* Numbers come as text, so that none is rounded. */
static int on_number(void *context, const char *text, size_t length)
{
	struct reader *reader = context;
	const char *copy = copy_text(reader, text, length);
	char *end;
	long long value;

	if (!copy)
		return 0;
	errno = 0;
	value = strtoll(copy, &end, 10);
	if (*end == '\0' && errno == 0) {
		add(reader, CT_JSON_INT)->integer = value;
		return 1;
	}
	if (*end == '\0')
		return refuse(reader, "an integer does not fit in 64 bits");
	add_text(reader, CT_JSON_REAL, copy, length);
	return 1;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct reader *reader = context;
	const char *copy = copy_text(reader, (const char *)text, length);

	if (!copy)
		return 0;
	add_text(reader, CT_JSON_STRING, copy, length);
	return 1;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct reader *reader = context;

	reader->key = copy_text(reader, (const char *)text, length);
	return reader->key != NULL;
}

static int on_open(struct reader *reader, enum ct_json_type type)
{
	if (reader->depth == CT_JSON_MAX_DEPTH)
		return refuse(reader, "nested too deeply");
	reader->open[reader->depth] = add(reader, type);
	reader->depth++;
	return 1;
}

static int on_open_object(void *context)
{
	return on_open(context, CT_JSON_OBJECT);
}

static int on_open_array(void *context)
{
	return on_open(context, CT_JSON_ARRAY);
}

static int on_close_array(void *context)
{
	struct reader *reader = context;

	reader->depth--;
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(const struct ct_json *const *)a)->key, (*(const struct ct_json *const *)b)->key);
}

static bool has_duplicates_sorted(const struct ct_json *object)
{
	const struct ct_json **members = ct_alloc_array(object->length, sizeof(struct ct_json *));
	bool found = false;
	size_t count = 0;

	ct_json_each(member, object)
		members[count++] = member;
	qsort(members, count, sizeof(struct ct_json *), compare_keys);
	for (size_t i = 1; i < count && !found; i++)
		found = strcmp(members[i - 1]->key, members[i]->key) == 0;
	free(members);
	return found;
}

static bool has_duplicates(const struct ct_json *object)
{
	if (object->length > 32)
		return has_duplicates_sorted(object);
	ct_json_each(member, object) {
		for (const struct ct_json *other = member->next; other; other = other->next) {
			if (strcmp(member->key, other->key) == 0)
				return true;
		}
	}
	return false;
}

static int on_close_object(void *context)
{
	struct reader *reader = context;

	reader->depth--;
	if (has_duplicates(reader->open[reader->depth]))
		return refuse(reader, "a member is given twice in one object");
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_map_key = on_key,
	.yajl_start_map = on_open_object,
	.yajl_end_map = on_close_object,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close_array,
};

/* The first sentence of the library's message: "parse error: unallowed token at this point in JSON text". */
static void library_problem(yajl_handle parser, char *problem, size_t size)
{
	unsigned char *text = yajl_get_error(parser, 0, NULL, 0);

	problem[0] = '\0';
	if (text) {
		strncat(problem, (const char *)text, size - 1);
		problem[strcspn(problem, "\n")] = '\0';
		yajl_free_error(parser, text);
	}
}

static int fail_at(const char *text, size_t offset, const char *code, const char *problem, struct ct_err *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return ct_fail(err, code, "malformed JSON at line %zu, column %zu: %s", line, column, problem);
}

static int parse(yajl_handle parser, struct reader *reader, const char *text, size_t length, const char *code,
		 struct ct_err *err)
{
	char problem[160];
	yajl_status status;

	/* The library takes a NUL for the end of the document and would not look behind it. */
	if (memchr(text, '\0', length))
		return ct_fail(err, code, "malformed JSON: it holds a NUL byte");
	/* Its own check lets overlong forms and surrogates pass. */
	if (!ct_utf8_is_valid(text, length))
		return ct_fail(err, code, "malformed JSON: it is not valid UTF-8");
	status = yajl_parse(parser, (const unsigned char *)text, length);
	if (status == yajl_status_ok) {
		/* All of it was taken; what can be wrong now is its end. */
		if (yajl_complete_parse(parser) == yajl_status_ok && reader->doc->root)
			return 0;
		return fail_at(text, length, code, "it ends too early", err);
	}
	library_problem(parser, problem, sizeof(problem));
	return fail_at(text, yajl_get_bytes_consumed(parser), code, reader->problem ? reader->problem : problem, err);
}

/* yajl does not look at what it gets. */
static void *allocate(void *context, size_t size)
{
	(void)context;
	return ct_alloc(size);
}

static void *reallocate(void *context, void *memory, size_t size)
{
	(void)context;
	return ct_realloc_array(memory, size, 1);
}

static void release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

/* yajl only reads it, and asks for it as if it did not. */
static yajl_alloc_funcs allocation = { allocate, reallocate, release, NULL };

struct ct_json_doc *ct_json_parse(const char *text, size_t length, const char *code, struct ct_err *err)
{
	ct_autojson *doc = ct_alloc_array(1, sizeof(*doc));
	struct reader reader = { .doc = doc };
	yajl_handle parser;
	struct ct_json_doc *result;
	int status;

	if (length > CT_JSON_MAX_BYTES) {
		ct_fail(err, code, "the JSON document is larger than %zu MiB", CT_JSON_MAX_BYTES >> 20);
		return NULL;
	}
	parser = yajl_alloc(&callbacks, &allocation, &reader);
	if (!parser) {
		ct_fail(err, CT_NO_CODE, "out of memory");
		return NULL;
	}
	status = parse(parser, &reader, text, length, code, err);
	yajl_free(parser);
	if (status < 0)
		return NULL;
	result = doc;
	doc = NULL;
	return result;
}

void ct_json_free(struct ct_json_doc *doc)
{
	if (!doc)
		return;
	ct_arena_release(&doc->arena);
	free(doc);
}

const struct ct_json *ct_json_root(const struct ct_json_doc *doc)
{
	return doc->root;
}
