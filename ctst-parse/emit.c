#include "ctst-parse/emit.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/json_text.h"
#include "ctst-parse/inherit.h"
#include "ctst-parse/properties.h"

#define FLUSH_AT ((size_t)256 << 10)

struct emitter {
	int fd;
	struct ct_buf out;
	struct ct_buf *places; /* of each file its name as JSON text between '"' and ':', the begin of every place */
	uint32_t first_end;    /* offsets below are in the first file */
	const struct compilation *compilation;
	const struct composition *all;
	bool failed; /* writing stopped; errno says why */
};

static void flush_at(struct emitter *emitter, size_t limit)
{
	if (emitter->out.length < limit)
		return;
	if (!emitter->failed && ct_write_all(emitter->fd, emitter->out.data, emitter->out.length) < 0)
		emitter->failed = true;
	ct_buf_clear(&emitter->out);
}

/* "file:line:column" in quotes. */
static void write_place(struct emitter *emitter, struct span span)
{
	struct ct_buf *out = &emitter->out;
	const struct ct_buf *place = emitter->places;

	if (span.offset >= emitter->first_end)
		place += sources_find(&emitter->compilation->sources, span.offset)->number;
	ct_json_text_padded(out, place->data, place->length);
	ct_json_text_integer(out, span.line);
	ct_json_text_literal(out, ":");
	ct_json_text_integer(out, span.column);
	ct_json_text_literal(out, "\"");
}

static void write_member_name(struct ct_buf *out, enum property_id id)
{
	_Static_assert(PROPERTY_NAME_SIZE >= CT_JSON_TEXT_BLOCK, "a name is copied as one block");
	ct_json_text_padded(out, property_of(id)->member, property_of(id)->member_length);
}

static void write_text(struct emitter *emitter, const char *text)
{
	ct_json_text_string(&emitter->out, text, strlen(text));
}

static void write_warnings(struct emitter *emitter, const struct diagnostics *diagnostics)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(diagnostics, sorted);

	ct_json_text_literal(&emitter->out, ",\"warnings\":[");
	for (size_t i = 0; i < count; i++) {
		ct_buf_puts(&emitter->out, i ? ",{" : "{");
		if (sorted[i]->code[0]) {
			ct_json_text_literal(&emitter->out, "\"code\":");
			write_text(emitter, sorted[i]->code);
			ct_json_text_literal(&emitter->out, ",");
		}
		ct_json_text_literal(&emitter->out, "\"message\":");
		write_text(emitter, sorted[i]->message);
		ct_json_text_literal(&emitter->out, ",\"at\":");
		write_place(emitter, sorted[i]->span);
		ct_json_text_literal(&emitter->out, "}");
	}
	ct_json_text_literal(&emitter->out, "]");
}

static void write_origins_of_env(struct emitter *emitter, const struct entry *env, bool *first)
{
	for (const struct entry *member = env->value.first; member; member = member->next) {
		if (!*first)
			ct_json_text_literal(&emitter->out, ",");
		ct_json_text_literal(&emitter->out, "\"env.");
		ct_json_text_escaped(&emitter->out, member->key, member->key_length);
		ct_json_text_literal(&emitter->out, "\":");
		write_place(emitter, member->value.span);
		*first = false;
	}
}

static void write_origins(struct emitter *emitter, struct entry *const *by_property)
{
	bool first = true;

	ct_json_text_literal(&emitter->out, ",\"origins\":{");
	for (enum property_id id = 0; id < PROPERTY_COUNT; id++) {
		if (!by_property[id])
			continue;
		if (id == PROPERTY_ENV) {
			write_origins_of_env(emitter, by_property[id], &first);
			continue;
		}
		ct_json_text_raw(&emitter->out, &",\""[first], 2 - (size_t)first);
		write_member_name(&emitter->out, id);
		ct_json_text_literal(&emitter->out, "\":");
		write_place(emitter, by_property[id]->value.span);
		first = false;
	}
	ct_json_text_literal(&emitter->out, "}");
}

/* Behind the key: the component that the value is written in. */
static void write_declarer(struct emitter *emitter, struct span span)
{
	struct ct_slice name = inherit_declared_in(emitter->compilation, span)->name;

	ct_json_text_literal(&emitter->out, "\":\"");
	ct_json_text_raw(&emitter->out, name.text, name.length);
	ct_json_text_literal(&emitter->out, "\"");
}

static void write_inherited_env(struct emitter *emitter, const struct entry *env, bool *first)
{
	for (const struct entry *member = env->value.first; member; member = member->next) {
		if (!env->inherited && !member->inherited)
			continue;
		if (!*first)
			ct_json_text_literal(&emitter->out, ",");
		ct_json_text_literal(&emitter->out, "\"env.");
		ct_json_text_escaped(&emitter->out, member->key, member->key_length);
		write_declarer(emitter, member->value.span);
		*first = false;
	}
}

/* Which of the values are a parent's, and whose. */
static void write_inherited(struct emitter *emitter, struct entry *const *by_property)
{
	bool first = true;

	ct_json_text_literal(&emitter->out, ",\"inherited\":{");
	for (enum property_id id = 0; id < PROPERTY_COUNT; id++) {
		if (!by_property[id])
			continue;
		if (id == PROPERTY_ENV) {
			write_inherited_env(emitter, by_property[id], &first);
		} else if (by_property[id]->inherited) {
			ct_json_text_raw(&emitter->out, &",\""[first], 2 - (size_t)first);
			write_member_name(&emitter->out, id);
			write_declarer(emitter, by_property[id]->value.span);
			first = false;
		}
	}
	ct_json_text_literal(&emitter->out, "}");
}

static void write_component(struct emitter *emitter, const struct component *component)
{
	struct entry *by_property[PROPERTY_COUNT] = { 0 };
	struct ct_buf *out = &emitter->out;

	for (struct entry *entry = component->properties; entry; entry = entry->next)
		by_property[entry->property] = entry;
	ct_json_text_literal(out, "{\"name\":\"");
	ct_json_text_raw(out, component->name.text, component->name.length);
	ct_json_text_literal(out, "\",\"at\":");
	write_place(emitter, component->span);
	for (enum property_id id = 0; id < PROPERTY_COUNT; id++) {
		if (!by_property[id])
			continue;
		ct_json_text_literal(out, ",\"");
		write_member_name(out, id);
		ct_json_text_literal(out, "\":");
		property_of(id)->write(out, emitter->all, &by_property[id]->value);
	}
	write_origins(emitter, by_property);
	if (component->parent)
		write_inherited(emitter, by_property);
	ct_json_text_literal(out, "}");
}

static void write_components(struct emitter *emitter)
{
	bool first = true;

	ct_json_text_literal(&emitter->out, ",\"components\":[");
	for (size_t i = 0; i < emitter->all->component_count; i++) {
		const struct component *component = &emitter->all->components[i];

		/* A template only serves FROM; nobody behind this tool hears of it. */
		if (component->is_template)
			continue;
		if (!first)
			ct_json_text_literal(&emitter->out, ",");
		first = false;
		write_component(emitter, component);
		flush_at(emitter, FLUSH_AT);
	}
	ct_json_text_literal(&emitter->out, "]");
}

static void write_connections(struct emitter *emitter)
{
	struct ct_buf *out = &emitter->out;
	bool first = true;

	ct_json_text_literal(out, ",\"connections\":[");
	for (size_t i = 0; i < emitter->all->connection_count; i++) {
		const struct connection *connection = &emitter->all->connections[i];

		if (connection->duplicate)
			continue;
		if (!first)
			ct_json_text_literal(out, ",");
		ct_json_text_literal(out, "{\"from\":\"");
		first = false;
		ct_json_text_raw(out, connection->from_name.text, connection->from_name.length);
		ct_json_text_literal(out, "\",\"to\":\"");
		ct_json_text_raw(out, connection->to_name.text, connection->to_name.length);
		ct_json_text_literal(out, "\",\"at\":");
		write_place(emitter, connection->span);
		ct_json_text_literal(out, "}");
		flush_at(emitter, FLUSH_AT);
	}
	ct_json_text_literal(out, "]");
}

static void write_exposures(struct emitter *emitter)
{
	struct ct_buf *out = &emitter->out;

	ct_json_text_literal(out, ",\"exposed\":[");
	for (size_t i = 0; i < emitter->all->exposure_count; i++) {
		const struct exposure *exposure = &emitter->all->exposures[i];
		struct ct_slice name = emitter->all->components[exposure->component].name;

		ct_buf_puts(out, i ? ",{\"component\":\"" : "{\"component\":\"");
		ct_json_text_raw(out, name.text, name.length);
		ct_json_text_literal(out, "\",\"host_port\":");
		ct_json_text_integer(out, exposure->host_port);
		ct_json_text_literal(out, ",\"container_port\":");
		ct_json_text_integer(out, exposure->container_port);
		ct_json_text_literal(out, ",\"address\":");
		if (exposure->address.length)
			ct_json_text_string(out, exposure->address.text, exposure->address.length);
		else
			ct_json_text_literal(out, "null");
		ct_buf_puts(out, exposure->is_udp ? ",\"protocol\":\"udp\",\"at\":" : ",\"protocol\":\"tcp\",\"at\":");
		write_place(emitter, exposure->span);
		ct_json_text_literal(out, "}");
		flush_at(emitter, FLUSH_AT);
	}
	ct_json_text_literal(out, "]}\n");
}

/* The padded copying reads a whole block, whatever the length. */
static void prepare_places(struct emitter *emitter)
{
	const struct sources *sources = &emitter->compilation->sources;

	emitter->places = ct_alloc_array(sources->count, sizeof(*emitter->places));
	for (uint32_t i = 0; i < sources->count; i++) {
		const char *shown = sources->items[i]->shown;

		ct_json_text_literal(&emitter->places[i], "\"");
		ct_json_text_escaped(&emitter->places[i], shown, strlen(shown));
		ct_json_text_literal(&emitter->places[i], ":");
		ct_buf_reserve(&emitter->places[i], CT_JSON_TEXT_BLOCK);
	}
	emitter->first_end = sources->count > 1 ? sources->items[1]->base : UINT32_MAX;
}

static void release_places(struct emitter *emitter)
{
	for (uint32_t i = 0; i < emitter->compilation->sources.count; i++)
		ct_buf_free(&emitter->places[i]);
	free(emitter->places);
}

int emit_composition(int fd, const struct compilation *compilation)
{
	const struct source *source = compilation->composition.source;
	struct emitter emitter = { .fd = fd, .compilation = compilation, .all = &compilation->composition };

	prepare_places(&emitter);
	ct_json_text_literal(&emitter.out, "{\"format\":\"ctst.composition/1\",\"file\":");
	write_text(&emitter, source->file);
	ct_json_text_literal(&emitter.out, ",\"directory\":");
	write_text(&emitter, source->directory);
	write_warnings(&emitter, &compilation->diagnostics);
	write_components(&emitter);
	write_connections(&emitter);
	write_exposures(&emitter);
	flush_at(&emitter, 1);
	ct_buf_free(&emitter.out);
	release_places(&emitter);
	return emitter.failed ? -1 : 0;
}
