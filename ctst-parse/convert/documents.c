#include "ctst-parse/convert/documents.h"

#include <string.h>
#include <yaml.h>

#include "common/names.h"
#include "common/utf8.h"

#define DIRECTIVES_MAX 100 /* lines that begin with % */

/* A list or map that is being read. */
struct frame {
	struct node *node;
	struct member key; /* of a map: its key waits for its value when key.key is set */
	struct ct_names keys;
};

struct reader {
	struct nodes *nodes;
	const struct compose_file *file;
	struct node *documents;
	struct frame frames[NODE_MAX_DEPTH + 1];
	int depth;
	struct ct_names anchors; /* numbers are indices of anchored */
	struct node **anchored;
	size_t anchored_count;
	struct ct_err *err;
};

static struct place place_at(const struct reader *reader, yaml_mark_t mark)
{
	return (struct place){ reader->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

static enum node_tag tag_of(const yaml_char_t *tag)
{
	static const struct {
		const char *name;
		enum node_tag tag;
	} known[] = {
		{ "!", TAG_TEXT },
		{ "!reset", TAG_RESET },
		{ "!override", TAG_OVERRIDE },
		{ "tag:yaml.org,2002:str", TAG_TEXT },
		{ "tag:yaml.org,2002:null", TAG_NULL },
		{ "tag:yaml.org,2002:int", TAG_NONE },
		{ "tag:yaml.org,2002:float", TAG_NONE },
		{ "tag:yaml.org,2002:bool", TAG_NONE },
		{ "tag:yaml.org,2002:map", TAG_NONE },
		{ "tag:yaml.org,2002:seq", TAG_NONE },
		{ "tag:yaml.org,2002:merge", TAG_NONE },
	};

	for (size_t i = 0; tag && i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp((const char *)tag, known[i].name) == 0)
			return known[i].tag;
	}
	return tag ? TAG_UNKNOWN : TAG_NONE;
}

static int remember_anchor(struct reader *reader, const yaml_char_t *anchor, struct node *node)
{
	char *name;

	if (!anchor)
		return 0;
	name = ct_arena_copy(reader->nodes->arena, (const char *)anchor, strlen((const char *)anchor));
	/* Every power of two. */
	if ((reader->anchored_count & (reader->anchored_count + 1)) == 0)
		reader->anchored = ct_realloc_array(reader->anchored, 2 * reader->anchored_count + 2,
						    sizeof(*reader->anchored));
	ct_names_replace(&reader->anchors, ct_slice_of(name), (uint32_t)reader->anchored_count, NULL);
	reader->anchored[reader->anchored_count++] = node;
	return 0;
}

static int take_key(struct reader *reader, struct frame *frame, const struct node *node)
{
	const struct node *key = node->kind == NODE_ALIAS ? node->target : node;

	if (key->kind != NODE_SCALAR)
		return node_fail(reader->nodes, reader->err, "E001", node->place, "a key must be text");
	if (!ct_names_add(&frame->keys, ct_slice_of(key->text), 0, NULL))
		return node_fail(reader->nodes, reader->err, "E018", node->place, "'%.100s' is given twice", key->text);
	/* Only values are counted. */
	reader->nodes->read--;
	frame->key = (struct member){ .key = key->text, .key_plain = key->plain, .place = node->place };
	return 0;
}

/* Puts a finished or begun value where it belongs. */
static int place_value(struct reader *reader, struct node *node)
{
	struct member item = { .place = node->place };
	struct frame *frame;

	if (reader->depth == 0) {
		node_append(reader->nodes, reader->documents, &item, node);
		return 0;
	}
	frame = &reader->frames[reader->depth - 1];
	if (frame->node->kind == NODE_MAP && !frame->key.key)
		return take_key(reader, frame, node);
	if (frame->node->kind == NODE_MAP)
		item = frame->key;
	frame->key.key = NULL;
	node_append(reader->nodes, frame->node, &item, node);
	return 0;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct place place = place_at(reader, event->start_mark);
	struct node *node = node_read(reader->nodes, NODE_SCALAR, place, reader->err);

	if (!node)
		return -1;
	if (memchr(event->data.scalar.value, 0, event->data.scalar.length))
		return node_fail(reader->nodes, reader->err, "E001", place, "NUL character in a value");
	node->text = ct_arena_copy(reader->nodes->arena, (const char *)event->data.scalar.value,
				   event->data.scalar.length);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->tag = (uint8_t)tag_of(event->data.scalar.tag);
	remember_anchor(reader, event->data.scalar.anchor, node);
	return place_value(reader, node);
}

static int read_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct place place = place_at(reader, event->start_mark);
	struct node *node = node_read(reader->nodes, NODE_ALIAS, place, reader->err);
	uint32_t number;

	if (!node)
		return -1;
	if (!reader->anchored || !ct_names_get(&reader->anchors, ct_slice_of(name), &number))
		return node_fail(reader->nodes, reader->err, "E001", place, "no anchor '&%.100s' before this alias",
				 name);
	node->target = reader->anchored[number];
	if (node->target->visited)
		return node_fail(reader->nodes, reader->err, "E013", place,
				 "the alias '*%.100s' lies in what it stands for", name);
	return place_value(reader, node);
}

static int begin_container(struct reader *reader, const yaml_event_t *event, enum node_kind kind,
			   const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct place place = place_at(reader, event->start_mark);
	struct node *node = node_read(reader->nodes, kind, place, reader->err);
	struct frame *frame;

	if (!node)
		return -1;
	if (reader->depth == NODE_MAX_DEPTH)
		return node_fail(reader->nodes, reader->err, "E020", place, "nested deeper than %d levels",
				 NODE_MAX_DEPTH);
	node->tag = (uint8_t)tag_of(tag);
	remember_anchor(reader, anchor, node);
	if (place_value(reader, node) < 0)
		return -1;
	node->visited = true;
	frame = &reader->frames[reader->depth++];
	frame->node = node;
	frame->key.key = NULL;
	return 0;
}

static void end_container(struct reader *reader)
{
	struct frame *frame = &reader->frames[--reader->depth];

	if (frame->node)
		frame->node->visited = false;
	ct_names_clear(&frame->keys);
}

static int take_event(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event);
	case YAML_ALIAS_EVENT:
		return read_alias(reader, event);
	case YAML_SEQUENCE_START_EVENT:
		return begin_container(reader, event, NODE_LIST, event->data.sequence_start.anchor,
				       event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return begin_container(reader, event, NODE_MAP, event->data.mapping_start.anchor,
				       event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		end_container(reader);
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		/* Anchors belong to their document. */
		ct_names_clear(&reader->anchors);
		return 0;
	default:
		return 0;
	}
}

/* The library's message and, where it has one, what it was doing. */
static int report_syntax(struct reader *reader, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		return ct_fail(reader->err, CT_NO_CODE, "out of memory");
	if (parser->error == YAML_READER_ERROR) {
		struct place place = { reader->file, (uint32_t)parser->mark.line + 1, 1 };

		return node_fail(reader->nodes, reader->err, "E001", place, "%s in or behind this line", problem);
	}
	node_fail(reader->nodes, reader->err, "E001", place_at(reader, parser->problem_mark), "%s%s%s%s", problem,
		  parser->context ? " (" : "", parser->context ? parser->context : "", parser->context ? ")" : "");
	return -1;
}

/* What is no text at all is found before the library sees it, with its exact place. */
static int check_text(struct reader *reader, const char *text, size_t length)
{
	struct place place = { reader->file, 1, 1 };
	int directives = 0;

	for (size_t i = 0; i < length;) {
		uint32_t character;
		size_t size = ct_utf8_decode(text + i, length - i, &character);

		if (size == 0)
			return node_fail(reader->nodes, reader->err, "E001", place, "invalid UTF-8: byte 0x%02x",
					 (unsigned char)text[i]);
		if (character == 0)
			return node_fail(reader->nodes, reader->err, "E001", place, "NUL character");
		/* The library looks at all of them for each one. */
		if (place.column == 1 && character == '%' && ++directives > DIRECTIVES_MAX)
			return node_fail(reader->nodes, reader->err, "E020", place, "more than %d directives",
					 DIRECTIVES_MAX);
		place.column++;
		if (character == '\n') {
			place.line++;
			place.column = 1;
		}
		i += size;
	}
	return 0;
}

static int read_events(struct reader *reader, yaml_parser_t *parser)
{
	for (;;) {
		yaml_event_t event;
		bool last;
		int result;

		if (!yaml_parser_parse(parser, &event))
			return report_syntax(reader, parser);
		last = event.type == YAML_STREAM_END_EVENT;
		result = take_event(reader, &event);
		yaml_event_delete(&event);
		if (result < 0 || last)
			return result;
	}
}

static int read_stream(struct reader *reader, const char *text, size_t length)
{
	yaml_parser_t parser;
	int result;

	if (length > YAML_MAX_BYTES)
		return ct_fail(reader->err, "E020", "'%s' is larger than 16 MiB", reader->file->shown);
	if (check_text(reader, text, length) < 0)
		return -1;
	if (!yaml_parser_initialize(&parser))
		return ct_fail(reader->err, CT_NO_CODE, "out of memory");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	result = read_events(reader, &parser);
	yaml_parser_delete(&parser);
	return result;
}

struct node *yaml_read(struct nodes *nodes, const struct compose_file *file, const char *text, size_t length,
		       struct ct_err *err)
{
	struct reader *reader = ct_arena_zalloc(nodes->arena, sizeof(*reader));
	int result;

	*reader = (struct reader){ .nodes = nodes, .file = file, .err = err };
	reader->documents = node_read(nodes, NODE_LIST, (struct place){ file, 1, 1 }, err);
	result = reader->documents ? read_stream(reader, text, length) : -1;
	for (size_t i = 0; i <= NODE_MAX_DEPTH; i++)
		ct_names_release(&reader->frames[i].keys);
	ct_names_release(&reader->anchors);
	free(reader->anchored);
	return result < 0 ? NULL : reader->documents;
}
