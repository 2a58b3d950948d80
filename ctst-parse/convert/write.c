/* The canonical layout: four spaces, a blank line between statements, lists on one line where they fit. */
#include <string.h>

#include "ctst-parse/convert/output.h"
#include "ctst-parse/convert/secret_values.h"

#define COLUMNS 100
#define COMMENT_SHOWN 200 /* bytes of a part that became a comment */

static void mark(struct extents *extents, size_t begin, size_t end, struct part *part, struct output_property *property)
{
	if (extents->count == extents->capacity) {
		extents->capacity = extents->capacity ? 2 * extents->capacity : 256;
		extents->items = ct_realloc_array(extents->items, extents->capacity, sizeof(*extents->items));
	}
	extents->items[extents->count++] = (struct extent){ begin, end, part, property };
}

/* Reserves the place of an extent whose end is not known yet: extents are in the order of their begins. */
static size_t open_extent(struct extents *extents, size_t begin, struct part *part, struct output_property *property)
{
	mark(extents, begin, begin, part, property);
	return extents->count - 1;
}

static size_t columns_of(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

static void write_comment(struct ct_buf *out, const char *indent, const char *text)
{
	ct_autobuf plain = CT_BUF_INIT;

	append_without_marks(&plain, text);
	ct_buf_printf(out, "%s//%s", indent, text[0] ? " " : "");
	append_shown(out, plain.data, 4096);
	ct_buf_putc(out, '\n');
}

static void write_comments(struct ct_buf *out, const char *indent, const struct comment *comment)
{
	for (; comment; comment = comment->next)
		write_comment(out, indent, comment->text);
}

/* What was refused stays visible. */
static void write_dropped(struct ct_buf *out, const char *indent, const char *name, const struct part *part)
{
	ct_buf_printf(out, "%s// left out: %s%s", indent, name, name[0] ? " " : "");
	append_shown(out, part->text ? part->text : "", COMMENT_SHOWN);
	ct_buf_putc(out, '\n');
}

static size_t kept_parts(const struct output_property *property, size_t *columns)
{
	size_t kept = 0;

	*columns = 0;
	for (const struct part *part = property->parts.first; part; part = part->next) {
		if (part->dropped)
			continue;
		kept++;
		*columns += columns_of(part->text) + 2;
	}
	return kept;
}

static void write_part(struct ct_buf *out, struct extents *extents, struct part *part)
{
	size_t begin = out->length;

	ct_buf_puts(out, part->text);
	mark(extents, begin, out->length, part, NULL);
}

static void write_list(struct ct_buf *out, struct extents *extents, const struct output_property *property, bool broken)
{
	bool first = true;

	ct_buf_puts(out, broken ? "[\n" : "[");
	for (struct part *part = property->parts.first; part; part = part->next) {
		if (part->dropped)
			continue;
		ct_buf_puts(out, broken ? "        " : first ? "" : ", ");
		write_part(out, extents, part);
		ct_buf_puts(out, broken ? ",\n" : "");
		first = false;
	}
	ct_buf_puts(out, broken ? "    ]" : "]");
}

static void write_map(struct ct_buf *out, struct extents *extents, const struct output_property *property)
{
	ct_buf_puts(out, "{\n");
	for (struct part *part = property->parts.first; part; part = part->next) {
		if (part->dropped)
			continue;
		ct_buf_puts(out, "        ");
		write_part(out, extents, part);
		ct_buf_putc(out, '\n');
	}
	ct_buf_puts(out, "    }");
}

static void write_property(struct ct_buf *out, struct extents *extents, enum property_id id,
			   struct output_property *property)
{
	const char *name = property_of(id)->name;
	size_t columns, kept = kept_parts(property, &columns), whole;

	for (const struct part *part = property->parts.first; part; part = part->next) {
		if (part->dropped)
			write_dropped(out, "    ", name, part);
	}
	if (property->whole.dropped || (kept == 0 && !(property->shape == SHAPE_LIST && property->parts.count == 0)))
		return;
	whole = open_extent(extents, out->length, &property->whole, property);
	ct_buf_printf(out, "    %s = ", name);
	if (property->shape == SHAPE_LIST)
		write_list(out, extents, property, strlen(name) + 7 + columns > COLUMNS);
	else if (property->shape == SHAPE_MAP)
		write_map(out, extents, property);
	else
		write_part(out, extents, property->parts.first);
	extents->items[whole].end = out->length;
	ct_buf_putc(out, '\n');
}

static void write_component(struct ct_buf *out, struct extents *extents, struct output_component *component)
{
	size_t whole;

	if (component->whole.dropped) {
		ct_buf_puts(out, "// left out: COMPONENT ");
		append_shown(out, component->name, COMMENT_SHOWN);
		ct_buf_putc(out, '\n');
		return;
	}
	whole = open_extent(extents, out->length, &component->whole, NULL);
	ct_buf_printf(out, "COMPONENT %s {\n", component->name);
	write_comments(out, "    ", component->comments);
	for (size_t i = 0; i < PROPERTY_COUNT; i++) {
		if (component->properties[i])
			write_property(out, extents, (enum property_id)i, component->properties[i]);
	}
	ct_buf_puts(out, "}\n");
	extents->items[whole].end = out->length;
}

static void write_statements(struct ct_buf *out, struct extents *extents, const struct parts *parts)
{
	if (parts->first)
		ct_buf_putc(out, '\n');
	for (struct part *part = parts->first; part; part = part->next) {
		if (part->dropped) {
			write_dropped(out, "", "", part);
			continue;
		}
		write_part(out, extents, part);
		ct_buf_putc(out, '\n');
	}
}

int output_write(const struct output *output, struct ct_buf *out, struct extents *extents, struct ct_err *err)
{
	extents->count = 0;
	write_comments(out, "", output->comments);
	for (struct output_component *component = output->first; component; component = component->next) {
		if (out->length > 0)
			ct_buf_putc(out, '\n');
		write_component(out, extents, component);
		if (out->length > CONVERT_MAX_OUTPUT)
			break;
	}
	write_statements(out, extents, &output->connections);
	write_statements(out, extents, &output->exposures);
	if (out->length > CONVERT_MAX_OUTPUT || output_is_full(output))
		return ct_fail(err, "E020", "the result is larger than a .ctst file may be (16 MiB)");
	return 0;
}
