#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "ctst-parse/check.h"
#include "ctst-parse/exposure.h"
#include "ctst-parse/number.h"
#include "ctst-parse/properties.h"
#include "ctst-parse/values.h"

#define PORT_COUNT 65536
#define LISTED 8 /* components in one message */

/* Who listens on a port: a list per port, in the order of the file. */
struct listener {
	uint32_t component;
	uint32_t next; /* index, 0: none */
};

struct listeners {
	uint32_t *first; /* by port */
	uint32_t *last;
	struct listener *all; /* from 1 */
	size_t count, capacity;
};

static bool is_port(int64_t number)
{
	return number >= 1 && number < PORT_COUNT;
}

static void add_listener(struct listeners *listeners, uint32_t component, const struct value *port)
{
	uint32_t number;

	if (port->damaged || port->kind != VALUE_INTEGER || !is_port(port->integer))
		return;
	if (listeners->count + 1 >= listeners->capacity) {
		listeners->capacity = listeners->capacity ? 2 * listeners->capacity : 64;
		listeners->all = ct_realloc_array(listeners->all, listeners->capacity, sizeof(*listeners->all));
	}
	number = (uint32_t)++listeners->count;
	listeners->all[number] = (struct listener){ .component = component };
	if (listeners->first[port->integer])
		listeners->all[listeners->last[port->integer]].next = number;
	else
		listeners->first[port->integer] = number;
	listeners->last[port->integer] = number;
}

static void collect_listeners(struct listeners *listeners, const struct composition *all)
{
	listeners->first = ct_alloc_array(PORT_COUNT, sizeof(*listeners->first));
	listeners->last = ct_alloc_array(PORT_COUNT, sizeof(*listeners->last));
	for (uint32_t i = 0; i < all->component_count; i++) {
		const struct component *component = &all->components[i];
		const struct entry *port = component_property(component, PROPERTY_PORT);
		const struct entry *ports = component_property(component, PROPERTY_PORTS);

		if (component->is_template)
			continue;
		if (port)
			add_listener(listeners, i, &port->value);
		if (!ports || ports->value.kind != VALUE_LIST)
			continue;
		for (const struct entry *item = ports->value.first; item; item = item->next)
			add_listener(listeners, i, &item->value);
	}
}

static void release_listeners(struct listeners *listeners)
{
	free(listeners->first);
	free(listeners->last);
	free(listeners->all);
}

static bool parse_port(struct ct_slice text, uint16_t *port)
{
	int64_t number;

	if (!number_parse(text, 5, &number) || !is_port(number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool is_address(struct ct_slice text)
{
	struct in6_addr binary;
	char copy[INET6_ADDRSTRLEN];

	if (text.length == 0 || text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.text, text.length);
	copy[text.length] = '\0';
	return inet_pton(AF_INET, copy, &binary) == 1 || inet_pton(AF_INET6, copy, &binary) == 1;
}

/* Cuts the part behind the last ':' off the text. */
static struct ct_slice take_last(struct ct_slice *text)
{
	const char *colon = text->length ? memrchr(text->text, ':', text->length) : NULL;
	struct ct_slice part = *text;

	if (!colon) {
		*text = (struct ct_slice){ text->text, 0 };
		return part;
	}
	part = (struct ct_slice){ colon + 1, (size_t)(text->text + text->length - colon) - 1 };
	text->length = (size_t)(colon - text->text);
	return part;
}

const char *exposure_parse(struct ct_slice text, struct exposure *exposure)
{
	const char *slash = text.length ? memrchr(text.text, '/', text.length) : NULL;
	struct ct_slice host;

	if (slash) {
		struct ct_slice protocol = { slash + 1, (size_t)(text.text + text.length - slash) - 1 };

		exposure->is_udp = ct_slice_is(protocol, "udp");
		if (!exposure->is_udp && !ct_slice_is(protocol, "tcp"))
			return "the protocol is tcp or udp";
		text.length = (size_t)(slash - text.text);
	}
	if (!parse_port(take_last(&text), &exposure->container_port))
		return "the container's port is 1 to 65535";
	exposure->host_port = exposure->container_port;
	if (text.length == 0)
		return NULL;
	host = take_last(&text);
	if (!parse_port(host, &exposure->host_port))
		return "the host's port is 1 to 65535";
	if (text.length == 0)
		return host.text == text.text ? NULL : "the address is empty";
	if (text.length > 2 && text.text[0] == '[' && text.text[text.length - 1] == ']')
		text = (struct ct_slice){ text.text + 1, text.length - 2 };
	exposure->address = text;
	return is_address(text) ? NULL : "the address is not an IP address";
}

static bool read_text(struct checker *checker, struct exposure *exposure)
{
	const struct value *value = &exposure->host;
	const char *problem;

	if (value->damaged)
		return false;
	problem = exposure_parse(value_text(value), exposure);
	if (!problem)
		return true;
	diagnostic_hint(check_error(checker, value->span, "malformed port '%.*s': %s", SHOWN(value_text(value)),
				    problem),
			"write \"ADDRESS:HOST:CONTAINER\" or \"HOST:CONTAINER/udp\"");
	return false;
}

static bool read_number(struct checker *checker, const struct value *value, uint16_t *port)
{
	if (!check_port_number(checker, value))
		return false;
	*port = (uint16_t)value->integer;
	return true;
}

/* Fills in ports, address and protocol. */
static bool read_ports(struct checker *checker, struct exposure *exposure)
{
	bool fine;

	if (exposure->is_text)
		return read_text(checker, exposure);
	fine = read_number(checker, &exposure->host, &exposure->host_port);
	exposure->container_port = exposure->host_port;
	if (exposure->has_container)
		fine &= read_number(checker, &exposure->container, &exposure->container_port);
	return fine;
}

static bool listens_on(const struct component *component, uint16_t port)
{
	const struct entry *single = component_property(component, PROPERTY_PORT);
	const struct entry *list = component_property(component, PROPERTY_PORTS);

	if (single && single->value.integer == port)
		return true;
	for (const struct entry *item = list && list->value.kind == VALUE_LIST ? list->value.first : NULL; item;
	     item = item->next) {
		if (item->value.integer == port)
			return true;
	}
	return false;
}

/* Not when a value or a parent is damaged: that has been said, and is no reason to say more. */
static bool ports_are_known(const struct component *component)
{
	const struct entry *single = component_property(component, PROPERTY_PORT);
	const struct entry *list = component_property(component, PROPERTY_PORTS);

	if (component->damaged || component->is_incomplete || (single && single->value.kind != VALUE_INTEGER))
		return false;
	return !list || (list->value.kind == VALUE_LIST && !list->value.damaged);
}

/* EXPOSE … FROM name */
static void match_named(struct checker *checker, struct exposure *exposure)
{
	struct composition *all = checker->composition;
	uint32_t number = ct_names_find(&all->names, exposure->component_name);
	struct component *component;

	if (number == CT_NAME_UNKNOWN) {
		check_undefined(checker, exposure->component_name, exposure->component_span);
		return;
	}
	component = &all->components[number];
	component->is_used = true;
	exposure->component = number;
	if (component->is_template)
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E002", exposure->component_span,
						  "component '%.*s' is a template and is not deployed",
						  SHOWN(component->name)),
				"it has required_params");
	else if (ports_are_known(component) && !listens_on(component, exposure->container_port))
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E015", exposure->component_span,
						  "component '%.*s' does not listen on port %u", SHOWN(component->name),
						  exposure->container_port),
				"add %u to its 'ports'", exposure->container_port);
}

static void append_names(struct ct_buf *out, const struct checker *checker, const struct listeners *listeners,
			 uint32_t first)
{
	int count = 0;

	for (uint32_t i = first; i; i = listeners->all[i].next) {
		struct ct_slice name = checker->composition->components[listeners->all[i].component].name;

		if (count++ == LISTED) {
			ct_buf_puts(out, " and more");
			return;
		}
		ct_buf_printf(out, "%s'%.*s'", count > 1 ? ", " : "", SHOWN(name));
	}
}

/* A person sees the port in the file and does not think of what FROM makes of the component. */
static void hint_at_template(const struct checker *checker, struct diagnostic *problem, const struct exposure *exposure)
{
	const struct composition *all = checker->composition;

	for (size_t i = 0; i < all->component_count; i++) {
		const struct component *component = &all->components[i];

		if (!component->is_template || component->present & 1U << PROPERTY_REQUIRED_PARAMS ||
		    !listens_on(component, exposure->container_port))
			continue;
		diagnostic_hint(problem,
				"'%.*s' does, but is a template, because only FROM names it: "
				"EXPOSE %u:%u FROM %.*s deploys it",
				SHOWN(component->name), exposure->host_port, exposure->container_port,
				SHOWN(component->name));
		return;
	}
}

static void match_none(struct checker *checker, const struct exposure *exposure, const struct listeners *listeners)
{
	struct diagnostic *problem;
	ct_autobuf list = CT_BUF_INIT;

	if (checker->ports_unknown)
		return;
	problem = diagnostics_error(checker->diagnostics, "E015", exposure->span, "no component listens on port %u",
				    exposure->container_port);
	if (problem)
		hint_at_template(checker, problem, exposure);
	for (size_t i = 1; problem && i <= listeners->count && i <= LISTED; i++) {
		const struct component *component = &checker->composition->components[listeners->all[i].component];

		ct_buf_printf(&list, "%s%.*s", i > 1 ? ", " : "", SHOWN(component->name));
	}
	if (list.length)
		diagnostic_hint(problem, "add the port to a component; those that listen on any: %s", list.data);
	else
		diagnostic_hint(problem, "add port = %u to a component", exposure->container_port);
}

static void match_by_port(struct checker *checker, struct exposure *exposure, const struct listeners *listeners)
{
	uint32_t first = listeners->first[exposure->container_port];
	ct_autobuf names = CT_BUF_INIT;

	if (!first || !listeners->all) {
		match_none(checker, exposure, listeners);
		return;
	}
	for (uint32_t i = first, count = 0; i && count <= LISTED; i = listeners->all[i].next, count++)
		checker->composition->components[listeners->all[i].component].is_used = true;
	exposure->component = listeners->all[first].component;
	if (!listeners->all[first].next)
		return;
	append_names(&names, checker, listeners, first);
	diagnostic_hint(diagnostics_error(checker->diagnostics, "E015", exposure->span,
					  "several components listen on port %u: %s", exposure->container_port,
					  names.data),
			"say which: EXPOSE %u:%u FROM %.*s", exposure->host_port, exposure->container_port,
			SHOWN(checker->composition->components[exposure->component].name));
}

/* `lines` has a place for every port of both protocols. */
static void check_host_port(struct checker *checker, const struct exposure *exposure, uint32_t *lines)
{
	uint32_t *line = &lines[exposure->host_port + (exposure->is_udp ? PORT_COUNT : 0)];

	if (*line)
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E015", exposure->host.span,
						  "host port %u is exposed twice", exposure->host_port),
				"first in line %u", *line);
	else
		*line = exposure->span.line;
}

void check_exposures(struct checker *checker)
{
	struct composition *all = checker->composition;
	struct listeners listeners = { 0 };
	uint32_t *lines;

	if (all->exposure_count == 0)
		return;
	collect_listeners(&listeners, all);
	lines = ct_alloc_array(2 * PORT_COUNT, sizeof(*lines));
	for (size_t i = 0; i < all->exposure_count; i++) {
		struct exposure *exposure = &all->exposures[i];

		if (!read_ports(checker, exposure))
			continue;
		if (exposure->has_component)
			match_named(checker, exposure);
		else
			match_by_port(checker, exposure, &listeners);
		check_host_port(checker, exposure, lines);
	}
	free(lines);
	release_listeners(&listeners);
}
