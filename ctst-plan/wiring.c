#include "ctst-plan/wiring.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *image;
	const char *scheme;
} schemes[] = {
	{ "postgres", "postgres" }, { "mysql", "mysql" },   { "mariadb", "mysql" }, { "redis", "redis" },
	{ "mongo", "mongodb" },     { "rabbitmq", "amqp" }, { "amqp", "amqp" },
};

/* What archives are called behind their names. */
static const char *const extensions[] = { ".gz", ".zst", ".xz", ".tar", ".tgz", ".oci" };

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t end_length = strlen(end);

	return length > end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

static size_t without_extensions(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		if (ends_with(text, length, extensions[i]))
			length -= strlen(extensions[i]);
	}
	return length;
}

/* postgres-16 and postgres_16.1 are postgres, with a version for want of a colon in the name of a file. */
static size_t without_version(const char *text, size_t length)
{
	for (size_t i = 1; i + 1 < length; i++) {
		if ((text[i] == '-' || text[i] == '_') && text[i + 1] >= '0' && text[i + 1] <= '9')
			return i;
	}
	return length;
}

/*
 * "oci://registry:5000/library/postgres:16@sha256:…" and "tar://./images/postgres-16.tar" are called "postgres". The pin
 * goes first: it holds a colon.
 */
static const char *name_of_image(const char *uri, size_t *length)
{
	const char *begin = strstr(uri, "://");
	const char *end, *slash, *colon;

	begin = begin ? begin + 3 : uri;
	end = strstr(begin, "@sha256:");
	if (!end)
		end = begin + strlen(begin);
	while (end > begin && end[-1] == '/')
		end--;
	slash = memrchr(begin, '/', (size_t)(end - begin));
	if (slash)
		begin = slash + 1;
	colon = memchr(begin, ':', (size_t)(end - begin));
	if (colon)
		end = colon;
	*length = without_version(begin, without_extensions(begin, (size_t)(end - begin)));
	return begin;
}

const char *scheme_of_image(const char *uri)
{
	size_t length;
	const char *name = name_of_image(uri, &length);

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strlen(schemes[i].image) == length && memcmp(schemes[i].image, name, length) == 0)
			return schemes[i].scheme;
	}
	return "http";
}

struct ports component_ports(const struct composition *composition, const struct component *component)
{
	if (component->has_ports || component->image_index == NOTHING)
		return component->ports;
	return composition->images[component->image_index].ports;
}

/* "my-db" and "HOST" give "MY_DB_HOST". */
static const char *variable_name(struct ct_arena *arena, const char *component, const char *suffix)
{
	char *name = ct_arena_printf(arena, "%s_%s", component, suffix);

	for (char *at = name; *at; at++)
		*at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
	return name;
}

static struct endpoint endpoint_of(const struct component *component, struct ports ports, struct ct_arena *arena)
{
	struct endpoint endpoint = { .host = component->name, .variable_count = 1 };

	endpoint.variables[0] = (struct variable){ variable_name(arena, component->name, "HOST"), component->name };
	if (ports.count == 0)
		return endpoint;
	endpoint.port = ct_arena_printf(arena, "%u", ports.items[0]);
	endpoint.connection_string = ct_arena_printf(arena, "%s://%s:%s", scheme_of_image(component->image),
						     component->name, endpoint.port);
	endpoint.variables[1] = (struct variable){ variable_name(arena, component->name, "PORT"), endpoint.port };
	endpoint.variables[2] = (struct variable){ variable_name(arena, component->name, "CONNECTION_STRING"),
						   endpoint.connection_string };
	endpoint.variable_count = 3;
	return endpoint;
}

struct endpoint *endpoints_make(const struct composition *composition, struct ct_arena *arena)
{
	struct endpoint *endpoints = ct_arena_array(arena, composition->count, sizeof(*endpoints));

	for (size_t i = 0; i < composition->count; i++) {
		const struct component *component = &composition->components[i];

		if (!component->template_only)
			endpoints[i] = endpoint_of(component, component_ports(composition, component), arena);
	}
	return endpoints;
}

int wiring_check(const struct composition *composition, const struct graph *graph, const struct endpoint *endpoints,
		 struct ct_err *err)
{
	const struct component *components = composition->components;
	ct_autonames prefixes = CT_NAMES_INIT;

	for (uint32_t from = 0; from < graph->count; from++) {
		ct_names_clear(&prefixes);
		for (uint32_t i = graph->needs.begin[from]; i < graph->needs.begin[from + 1]; i++) {
			uint32_t to = graph->needs.items[i], other = 0;
			const char *key = endpoints[to].variables[0].key;

			if (strcmp(components[to].network, "none") == 0) {
				ct_fail(err, "E006", "component '%s' is connected to '%s', which is on network 'none'",
					components[from].name, components[to].name);
				return ct_err_hint(err, "give '%s' a network, or remove CONNECT %s -> %s",
						   components[to].name, components[from].name, components[to].name);
			}
			if (!ct_names_add(&prefixes, ct_slice_of(key), to, &other)) {
				ct_fail(err, "E019",
					"component '%s' is connected to '%s' and '%s', which both give it the variable "
					"%s",
					components[from].name, components[other].name, components[to].name, key);
				return ct_err_hint(err, "rename one of the two");
			}
		}
	}
	return 0;
}
