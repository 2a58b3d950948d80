#include "ctst-parse/emit.h"

#include <string.h>

#include "common/file.h"
#include "ctst-parse/json_text.h"
#include "ctst-parse/properties.h"

#define FLUSH_AT ((size_t)256 << 10)

struct emitter {
	int fd;
	struct ct_buf out;
	struct ct_buf place; /* the file's name as JSON text between '"' and ':', the begin of every place */
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

	json_text_padded(out, emitter->place.data, emitter->place.length);
	json_text_integer(out, span.line);
	json_text_literal(out, ":");
	json_text_integer(out, span.column);
	json_text_literal(out, "\"");
}

static void write_member_name(struct ct_buf *out, enum property_id id)
{
	_Static_assert(PROPERTY_NAME_SIZE >= JSON_TEXT_BLOCK, "a name is copied as one block");
	json_text_padded(out, property_of(id)->member, property_of(id)->member_length);
}

static void write_text(struct emitter *emitter, const char *text)
{
	json_text_string(&emitter->out, text, strlen(text));
}

static void write_warnings(struct emitter *emitter, const struct diagnostics *diagnostics)
{
	const struct diagnostic *sorted[2 * DIAGNOSTICS_KEPT];
	size_t count = diagnostics_sort(diagnostics, sorted);

	json_text_literal(&emitter->out, ",\"warnings\":[");
	for (size_t i = 0; i < count; i++) {
		ct_buf_puts(&emitter->out, i ? ",{" : "{");
		if (sorted[i]->code[0]) {
			json_text_literal(&emitter->out, "\"code\":");
			write_text(emitter, sorted[i]->code);
			json_text_literal(&emitter->out, ",");
		}
		json_text_literal(&emitter->out, "\"message\":");
		write_text(emitter, sorted[i]->message);
		json_text_literal(&emitter->out, ",\"at\":");
		write_place(emitter, sorted[i]->span);
		json_text_literal(&emitter->out, "}");
	}
	json_text_literal(&emitter->out, "]");
}

static void write_origins_of_env(struct emitter *emitter, const struct entry *env, bool *first)
{
	for (const struct entry *member = env->value.first; member; member = member->next) {
		if (!*first)
			json_text_literal(&emitter->out, ",");
		json_text_literal(&emitter->out, "\"env.");
		json_text_escaped(&emitter->out, member->key, member->key_length);
		json_text_literal(&emitter->out, "\":");
		write_place(emitter, member->value.span);
		*first = false;
	}
}

static void write_origins(struct emitter *emitter, struct entry *const *by_property)
{
	bool first = true;

	json_text_literal(&emitter->out, ",\"origins\":{");
	for (enum property_id id = 0; id < PROPERTY_COUNT; id++) {
		if (!by_property[id])
			continue;
		if (id == PROPERTY_ENV) {
			write_origins_of_env(emitter, by_property[id], &first);
			continue;
		}
		json_text_raw(&emitter->out, ",\"" + first, 2 - (size_t)first);
		write_member_name(&emitter->out, id);
		json_text_literal(&emitter->out, "\":");
		write_place(emitter, by_property[id]->value.span);
		first = false;
	}
	json_text_literal(&emitter->out, "}");
}

static void write_component(struct emitter *emitter, const struct component *component)
{
	struct entry *by_property[PROPERTY_COUNT] = { 0 };
	struct ct_buf *out = &emitter->out;

	for (struct entry *entry = component->properties; entry; entry = entry->next)
		by_property[entry->property] = entry;
	json_text_literal(out, "{\"name\":\"");
	json_text_raw(out, component->name.text, component->name.length);
	json_text_literal(out, "\",\"at\":");
	write_place(emitter, component->span);
	for (enum property_id id = 0; id < PROPERTY_COUNT; id++) {
		if (!by_property[id])
			continue;
		json_text_literal(out, ",\"");
		write_member_name(out, id);
		json_text_literal(out, "\":");
		property_of(id)->write(out, emitter->all, &by_property[id]->value);
	}
	write_origins(emitter, by_property);
	json_text_literal(out, "}");
}

static void write_components(struct emitter *emitter)
{
	bool first = true;

	json_text_literal(&emitter->out, ",\"components\":[");
	for (size_t i = 0; i < emitter->all->component_count; i++) {
		const struct component *component = &emitter->all->components[i];

		/* A template only serves FROM; nobody behind this tool hears of it. */
		if (component->is_template)
			continue;
		if (!first)
			json_text_literal(&emitter->out, ",");
		first = false;
		write_component(emitter, component);
		flush_at(emitter, FLUSH_AT);
	}
	json_text_literal(&emitter->out, "]");
}

static void write_connections(struct emitter *emitter)
{
	struct ct_buf *out = &emitter->out;
	bool first = true;

	json_text_literal(out, ",\"connections\":[");
	for (size_t i = 0; i < emitter->all->connection_count; i++) {
		const struct connection *connection = &emitter->all->connections[i];

		if (connection->duplicate)
			continue;
		if (!first)
			json_text_literal(out, ",");
		json_text_literal(out, "{\"from\":\"");
		first = false;
		json_text_raw(out, connection->from_name.text, connection->from_name.length);
		json_text_literal(out, "\",\"to\":\"");
		json_text_raw(out, connection->to_name.text, connection->to_name.length);
		json_text_literal(out, "\",\"at\":");
		write_place(emitter, connection->span);
		json_text_literal(out, "}");
		flush_at(emitter, FLUSH_AT);
	}
	json_text_literal(out, "]");
}

static void write_exposures(struct emitter *emitter)
{
	struct ct_buf *out = &emitter->out;

	json_text_literal(out, ",\"exposed\":[");
	for (size_t i = 0; i < emitter->all->exposure_count; i++) {
		const struct exposure *exposure = &emitter->all->exposures[i];
		struct ct_slice name = emitter->all->components[exposure->component].name;

		ct_buf_puts(out, i ? ",{\"component\":\"" : "{\"component\":\"");
		json_text_raw(out, name.text, name.length);
		json_text_literal(out, "\",\"host_port\":");
		json_text_integer(out, exposure->host_port);
		json_text_literal(out, ",\"container_port\":");
		json_text_integer(out, exposure->container_port);
		json_text_literal(out, ",\"address\":");
		if (exposure->address.length)
			json_text_string(out, exposure->address.text, exposure->address.length);
		else
			json_text_literal(out, "null");
		ct_buf_puts(out, exposure->is_udp ? ",\"protocol\":\"udp\",\"at\":" : ",\"protocol\":\"tcp\",\"at\":");
		write_place(emitter, exposure->span);
		json_text_literal(out, "}");
		flush_at(emitter, FLUSH_AT);
	}
	json_text_literal(out, "]}\n");
}

int emit_composition(int fd, const struct composition *composition, const struct diagnostics *diagnostics)
{
	const struct source *source = composition->source;
	struct emitter emitter = { .fd = fd, .all = composition };

	json_text_literal(&emitter.place, "\"");
	json_text_escaped(&emitter.place, source->shown, strlen(source->shown));
	json_text_literal(&emitter.place, ":");
	ct_buf_reserve(&emitter.place, JSON_TEXT_BLOCK);
	json_text_literal(&emitter.out, "{\"format\":\"ctst.composition/1\",\"file\":");
	write_text(&emitter, source->file);
	json_text_literal(&emitter.out, ",\"directory\":");
	write_text(&emitter, source->directory);
	write_warnings(&emitter, diagnostics);
	write_components(&emitter);
	write_connections(&emitter);
	write_exposures(&emitter);
	flush_at(&emitter, 1);
	ct_buf_free(&emitter.out);
	ct_buf_free(&emitter.place);
	return emitter.failed ? -1 : 0;
}
