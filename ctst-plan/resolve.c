#include "ctst-plan/resolve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/template.h"

/* " (lib/base.ctst:3:12, inherited from base)", as far as the composition says where the value is written. */
static void append_origin(struct ct_buf *out, const struct component *component, const char *path)
{
	ct_autofree char *key = ct_strndup(path, strcspn(path, "["));
	const char *origin, *parent;

	if (strncmp(key, "healthcheck.", 12) == 0)
		key[11] = '\0';
	origin = ct_json_get_string(component->origins, key);
	parent = ct_json_get_string(component->inherited, key);
	if (origin)
		ct_buf_printf(out, " (%.300s%s%.63s)", origin, parent ? ", inherited from " : "", parent ? parent : "");
}

/* "component 'api': env.X: <message>" with E017. Always returns -1. */
static int reject(struct ct_err *err, const struct component *component, const struct place *place, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));

static int reject(struct ct_err *err, const struct component *component, const struct place *place, const char *format,
		  ...)
{
	ct_autobuf path = CT_BUF_INIT;
	ct_autobuf origin = CT_BUF_INIT;
	char message[512];
	va_list arguments;

	place_describe(&path, place);
	ct_buf_puts(&origin, "");
	append_origin(&origin, component, path.data);
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return ct_fail(err, "E017", "component '%.63s'%s: %.200s: %s", component->name, origin.data, path.data,
		       message);
}

/* The text of a field; NULL when the component does not have it, *known false when nobody has. */
static const char *field_of(const struct endpoint *endpoint, struct ct_slice field, bool *known)
{
	*known = true;
	if (ct_slice_is(field, "host"))
		return endpoint->host;
	if (ct_slice_is(field, "port"))
		return endpoint->port;
	if (ct_slice_is(field, "connection_string"))
		return endpoint->connection_string;
	*known = false;
	return NULL;
}

static int resolve_component(const struct resolver *resolver, const struct component *component,
			     const struct place *place, const struct ct_template_part *part, const char **value,
			     struct ct_err *err)
{
	int length = (int)(part->source.length > 200 ? 200 : part->source.length);
	uint32_t index;
	bool known;

	if (!ct_names_get(&resolver->composition->names, part->name, &index) ||
	    resolver->composition->components[index].template_only)
		return reject(err, component, place, "there is no such component: %.*s", length, part->source.text);
	*value = field_of(&resolver->endpoints[index], part->field, &known);
	if (!known)
		return reject(err, component, place, "a component has host, port and connection_string: %.*s", length,
			      part->source.text);
	if (!*value)
		return reject(err, component, place, "component '%.63s' has no port: %.*s",
			      resolver->composition->components[index].name, length, part->source.text);
	return 0;
}

/* Told once per variable, at its first use. */
static int check_environment(struct resolver *resolver, const struct component *component, const struct place *place,
			     const struct ct_template_part *part, struct ct_err *err)
{
	const char *name = ct_arena_copy(resolver->arena, part->name.text, part->name.length);
	ct_autobuf path = CT_BUF_INIT;
	ct_autobuf origin = CT_BUF_INIT;

	if (part->has_fallback || getenv(name))
		return 0;
	if (resolver->strict_env)
		return reject(err, component, place, "environment variable '%.200s' is not set", name);
	if (!ct_names_add(&resolver->undefined, (struct ct_slice){ name, part->name.length }, 0, NULL))
		return 0;
	place_describe(&path, place);
	ct_buf_puts(&origin, "");
	append_origin(&origin, component, path.data);
	warnings_add(resolver->warnings,
		     "component '%.63s'%s: %.200s: environment variable '%.200s' is not set and counts as empty",
		     component->name, origin.data, path.data, name);
	return 0;
}

/* Appends what a part becomes. */
static int resolve_part(struct resolver *resolver, const struct component *component, const struct place *place,
			const struct ct_template_part *part, bool secrets_allowed, struct ct_buf *result,
			struct ct_err *err)
{
	const char *value = "";

	switch (part->kind) {
	case CT_TEMPLATE_COMPONENT:
		if (resolve_component(resolver, component, place, part, &value, err) < 0)
			return -1;
		ct_buf_puts(result, value);
		return 0;
	case CT_TEMPLATE_BROKEN:
		return reject(err, component, place, "%s", part->problem);
	case CT_TEMPLATE_SECRET:
		if (!secrets_allowed)
			return reject(err, component, place, "a secret is allowed in the values of env only");
		break;
	case CT_TEMPLATE_ENV:
		if (check_environment(resolver, component, place, part, err) < 0)
			return -1;
		break;
	case CT_TEMPLATE_LITERAL:
	case CT_TEMPLATE_END:
		break;
	}
	ct_buf_append(result, part->source.text, part->source.length);
	return 0;
}

int resolve_text(struct resolver *resolver, const struct component *component, const struct place *place,
		 const char *text, bool secrets_allowed, const char **out, struct ct_err *err)
{
	size_t length = strlen(text);
	struct ct_template template = ct_template_start(text, length);
	ct_autobuf result = CT_BUF_INIT;

	*out = text;
	if (!strstr(text, "${"))
		return 0;
	for (;;) {
		struct ct_template_part part = ct_template_next(&template);

		if (part.kind == CT_TEMPLATE_END)
			break;
		if (resolve_part(resolver, component, place, &part, secrets_allowed, &result, err) < 0)
			return -1;
	}
	if (result.data && strcmp(result.data, text) != 0)
		*out = ct_arena_copy(resolver->arena, result.data, result.length);
	return 0;
}

bool has_references(const char *text)
{
	struct ct_template template = ct_template_start(text, strlen(text));

	for (;;) {
		struct ct_template_part part = ct_template_next(&template);

		if (part.kind == CT_TEMPLATE_END)
			return false;
		if (part.kind != CT_TEMPLATE_LITERAL)
			return true;
	}
}
