#include "ctst-parse/convert/output.h"

#include <string.h>

#include "ctst-parse/convert/secret_values.h"

static struct part *append_part(struct output *output, struct parts *parts, const struct part *like)
{
	struct part *part;

	if (output_is_full(output))
		return NULL;
	output->part_count++;
	part = ct_arena_alloc(output->arena, sizeof(*part));
	*part = *like;
	part->next = NULL;
	if (parts->last)
		parts->last->next = part;
	else
		parts->first = part;
	parts->last = part;
	parts->count++;
	return part;
}

struct output_component *output_component(struct output *output, const char *name, struct subject subject,
					  struct cause cause)
{
	struct output_component *component = ct_arena_zalloc(output->arena, sizeof(*component));

	component->name = component->original = name;
	component->whole.subject = subject;
	component->whole.cause = cause;
	if (output->last)
		output->last->next = component;
	else
		output->first = component;
	output->last = component;
	output->component_count++;
	return component;
}

struct part *output_add(struct output *output, struct output_component *component, enum property_id id,
			enum shape shape, struct cause cause, const char *text)
{
	struct output_property *property = component->properties[id];
	struct part like = { .text = text, .subject = component->whole.subject, .cause = cause };

	if (!property) {
		property = component->properties[id] = ct_arena_zalloc(output->arena, sizeof(*property));
		property->shape = shape;
		property->whole = like;
		property->whole.cause.entry = NULL;
	}
	if (!text)
		return NULL;
	if (property->parts.count == LIST_MAX_ITEMS) {
		if (!property->is_full)
			report_loss(output->report, like.subject, cause,
				    "a list or map has at most %d entries; this one and those behind it",
				    LIST_MAX_ITEMS);
		property->is_full = true;
		return NULL;
	}
	if (strchr(text, '\r')) {
		report_loss(output->report, like.subject, cause, "a carriage return cannot be written in a .ctst file");
		return NULL;
	}
	return append_part(output, &property->parts, &like);
}

void output_lose_secret(struct output *output, struct subject subject, struct cause cause, const char *text)
{
	struct ct_slice name = secret_variable_name(secret_find(text));

	report_loss(output->report, subject, cause,
		    "the value of the secret variable '%.*s' would stand in the file; only variables of 'env' may hold "
		    "secrets",
		    (int)name.length, name.text);
}

struct part *output_text(struct output *output, struct output_component *component, enum property_id id,
			 enum shape shape, struct cause cause, const char *value)
{
	if (secret_find(value) && id != PROPERTY_ENV) {
		output_lose_secret(output, component->whole.subject, cause, value);
		return NULL;
	}
	return output_add(output, component, id, shape, cause, quoted(output->arena, value));
}

void output_statement(struct output *output, struct parts *parts, struct subject subject, struct cause cause,
		      const char *text)
{
	append_part(output, parts, &(struct part){ .text = text, .subject = subject, .cause = cause });
}

void output_comment(struct ct_arena *arena, struct comment **first, struct comment **last, const char *text)
{
	struct comment *comment = ct_arena_zalloc(arena, sizeof(*comment));

	comment->text = text;
	if (*last)
		(*last)->next = comment;
	else
		*first = comment;
	*last = comment;
}

struct output_component *output_copy(struct output *output, const struct output_component *original, const char *name)
{
	struct output_component *copy = output_component(output, name, original->whole.subject, original->whole.cause);

	copy->original = original->name;
	copy->comments = original->comments;
	copy->last_comment = original->last_comment;
	for (size_t i = 0; i < PROPERTY_COUNT; i++) {
		const struct output_property *from = original->properties[i];
		struct output_property *to;

		if (!from)
			continue;
		to = copy->properties[i] = ct_arena_alloc(output->arena, sizeof(*to));
		*to = *from;
		to->parts = (struct parts){ 0 };
		for (const struct part *part = from->parts.first; part; part = part->next)
			append_part(output, &to->parts, part);
	}
	return copy;
}

void append_quoted(struct ct_buf *out, const char *text, bool template)
{
	ct_buf_putc(out, '"');
	for (const char *at = text; *at; at++) {
		if (is_secret_mark(at)) {
			append_secret(out, at);
			at += secret_length(at) - 1;
			continue;
		}
		if (*at == '\n' || *at == '\t') {
			ct_buf_puts(out, *at == '\n' ? "\\n" : "\\t");
			continue;
		}
		if (*at == '"' || *at == '\\')
			ct_buf_putc(out, '\\');
		/* As ct_template_quote() does it. */
		if (!template && at[0] == '$' && at[1] == '{')
			ct_buf_putc(out, '$');
		ct_buf_putc(out, *at);
	}
	ct_buf_putc(out, '"');
}

const char *quoted(struct ct_arena *arena, const char *text)
{
	ct_autobuf out = CT_BUF_INIT;

	append_quoted(&out, text, false);
	return ct_arena_take(arena, &out);
}
