/* ports and expose, and the EXPOSE statements in the end. */
#include <stdio.h>
#include <string.h>

#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/service.h"

#define PORTS_MAX 4096 /* items of a list in the language */

struct range {
	uint32_t first, last;
};

/* "80", "8000-8010". */
static bool read_range(const char *text, size_t length, struct range *range)
{
	char copy[16];
	char *dash;
	int64_t first, last;

	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	if (!whole_number(copy, &first) || !whole_number(dash ? dash + 1 : copy, &last))
		return false;
	if (first < 1 || last < first || last >= PORT_COUNT)
		return false;
	*range = (struct range){ (uint32_t)first, (uint32_t)last };
	return true;
}

/* False: a component cannot listen on so many. */
static bool listen(struct job *job, uint32_t port, struct cause cause)
{
	struct service *service = job->service;
	uint64_t *word = &job->all->seen[port / 64], bit = (uint64_t)1 << (port % 64);

	if (*word & bit)
		return true;
	if (service->port_count == PORTS_MAX) {
		lose(job, cause.place, cause.key, cause.entry, "a component listens on at most %d ports", PORTS_MAX);
		return false;
	}
	*word |= bit;
	if (service->port_count == service->port_capacity) {
		size_t capacity = service->port_capacity ? 2 * service->port_capacity : 8;
		uint32_t *ports = ct_arena_array(job->all->arena, capacity, sizeof(*ports));
		struct cause *causes = ct_arena_array(job->all->arena, capacity, sizeof(*causes));

		for (size_t i = 0; i < service->port_count; i++) {
			ports[i] = service->ports[i];
			causes[i] = service->port_causes[i];
		}
		service->ports = ports;
		service->port_causes = causes;
		service->port_capacity = capacity;
	}
	service->port_causes[service->port_count] = cause;
	service->ports[service->port_count++] = port;
	return true;
}

static bool listen_on_all(struct job *job, struct range range, struct cause cause)
{
	for (uint32_t port = range.first; port <= range.last; port++) {
		if (!listen(job, port, cause))
			return false;
	}
	return true;
}

static void publish(struct job *job, const struct publication *wanted)
{
	struct publication *publication;

	if (output_is_full(&job->all->output))
		return;
	job->all->output.part_count++;
	publication = ct_arena_alloc(job->all->arena, sizeof(*publication));
	*publication = *wanted;
	publication->service = job->service;
	publication->next = NULL;
	if (job->all->last_publication)
		job->all->last_publication->next = publication;
	else
		job->all->publications = publication;
	job->all->last_publication = publication;
}

/* A port as it was asked for, in the short or the long form. */
struct request {
	struct cause cause;
	const char *address; /* NULL: none */
	const char *host;    /* length 0: any that is free */
	size_t host_length;
	const char *container;
	size_t container_length;
	bool udp;
};

static void publish_range(struct job *job, const struct request *request, struct range host, struct range container)
{
	uint32_t count = container.last - container.first;

	if (host.last - host.first != count) {
		lose(job, request->cause.place, request->cause.key, request->cause.entry,
		     count == 0 ? "it is not published: choose one host port of the range"
				: "it is not published: the two ranges must be of the same length");
		return;
	}
	for (uint32_t i = 0; i <= count; i++)
		publish(job, &(struct publication){ .cause = request->cause,
						    .address = request->address,
						    .host = host.first + i,
						    .container = container.first + i,
						    .udp = request->udp });
}

static void take_request(struct job *job, const struct request *request)
{
	struct range host, container;

	if (lose_secret(job, request->cause, request->address))
		return;
	if (!read_range(request->container, request->container_length, &container)) {
		lose(job, request->cause.place, request->cause.key, request->cause.entry,
		     "the container's port is not 1 to 65535");
		return;
	}
	if (!listen_on_all(job, container, request->cause))
		return;
	if (request->host_length == 0)
		lose(job, request->cause.place, request->cause.key, request->cause.entry,
		     "it is not published: a host port is never chosen by chance; write HOST:CONTAINER");
	else if (!read_range(request->host, request->host_length, &host))
		lose(job, request->cause.place, request->cause.key, request->cause.entry,
		     "it is not published: the host's port is not 1 to 65535");
	else
		publish_range(job, request, host, container);
}

static bool take_protocol(struct job *job, struct request *request, const char *protocol)
{
	request->udp = protocol && strcasecmp(protocol, "udp") == 0;
	if (!protocol || request->udp || strcasecmp(protocol, "tcp") == 0)
		return true;
	lose(job, request->cause.place, request->cause.key, request->cause.entry,
	     "all of the port: the protocol is tcp or udp");
	return false;
}

static const char *without_brackets(struct ct_arena *arena, const char *text, size_t length)
{
	if (length > 2 && text[0] == '[' && text[length - 1] == ']')
		return ct_arena_copy(arena, text + 1, length - 2);
	return length ? ct_arena_copy(arena, text, length) : NULL;
}

/* [[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL] */
static void convert_short(struct job *job, const struct member *item)
{
	const char *text = node_text(item->value), *slash, *colon, *end;
	struct request request = { .cause = { item->place, "ports", text } };

	if (!text) {
		lose(job, item->place, "ports", NULL, "it says nothing");
		return;
	}
	slash = strrchr(text, '/');
	end = slash ? slash : text + strlen(text);
	if (!take_protocol(job, &request, slash ? slash + 1 : NULL))
		return;
	colon = memrchr(text, ':', (size_t)(end - text));
	request.container = colon ? colon + 1 : text;
	request.container_length = (size_t)(end - request.container);
	if (colon) {
		end = colon;
		colon = memrchr(text, ':', (size_t)(end - text));
		request.host = colon ? colon + 1 : text;
		request.host_length = (size_t)(end - request.host);
		if (colon)
			request.address = without_brackets(job->all->arena, text, (size_t)(colon - text));
	}
	take_request(job, &request);
}

static void convert_long(struct job *job, const struct member *item)
{
	static const char *const known[] = { "target", "published", "host_ip", "protocol", "mode", NULL };
	const struct node *map = item->value;
	const char *target = node_text(node_get(map, "target")), *published = node_text(node_get(map, "published"));
	const char *mode = node_text(node_get(map, "mode"));
	struct request request = { .cause = { item->place, "ports", target } };

	lose_others(job, map, "ports", known,
		    "a port has a number, a protocol and an address of the host, nothing else");
	if (mode)
		note(job, item->place, "ports.mode", mode,
		     "it has no effect: there is one machine, whose port it always is");
	request.container = target ? target : "";
	request.container_length = strlen(request.container);
	request.host = published ? published : "";
	request.host_length = strlen(request.host);
	request.address = node_text(node_get(map, "host_ip"));
	if (request.address && !*request.address)
		request.address = NULL;
	if (take_protocol(job, &request, node_text(node_get(map, "protocol"))))
		take_request(job, &request);
}

/* What two spellings of one port have in common. */
static const char *identity(struct job *job, const struct member *item)
{
	const struct node *map = item->value;
	const char *address, *published, *protocol, *target;

	if (map->kind != NODE_MAP)
		return node_text(map);
	target = node_text(node_get(map, "target"));
	published = node_text(node_get(map, "published"));
	address = node_text(node_get(map, "host_ip"));
	protocol = node_text(node_get(map, "protocol"));
	return ct_arena_printf(job->all->arena, "%s:%s:%s/%s", address ? address : "", published ? published : "",
			       target ? target : "", protocol ? protocol : "tcp");
}

void convert_ports(struct job *job, const struct member *member)
{
	const struct member **chosen;
	size_t count;

	if (node_is_null(member->value))
		return;
	chosen = last_of_each(job, member->value, identity, &count);
	for (size_t i = 0; i < count; i++) {
		if (chosen[i]->value->kind == NODE_MAP)
			convert_long(job, chosen[i]);
		else
			convert_short(job, chosen[i]);
	}
}

void convert_expose(struct job *job, const struct member *member)
{
	node_each(item, member->value) {
		const char *text = node_text(item->value);
		struct cause cause = { item->place, "expose", text };
		struct range range;

		if (!text || !read_range(text, strcspn(text, "/"), &range)) {
			lose(job, item->place, "expose", text, "expected a port of 1 to 65535, or FIRST-LAST");
			continue;
		}
		if (listen_on_all(job, range, cause) && text[strcspn(text, "/")] &&
		    strcasecmp(text + strcspn(text, "/"), "/tcp") != 0)
			lose(job, item->place, "expose", text,
			     "the port is there, its protocol is not: a component listens on a number");
	}
}

void finish_ports(struct job *job)
{
	struct service *service = job->service;
	bool single = service->port_count == 1;

	for (size_t i = 0; i < service->port_count; i++) {
		uint32_t port = service->ports[i];

		job->all->seen[port / 64] = 0;
		job->all->listeners[port] += (uint32_t)service->copies;
		output_add(&job->all->output, job->component, single ? PROPERTY_PORT : PROPERTY_PORTS,
			   single ? SHAPE_ONE : SHAPE_LIST, service->port_causes[i],
			   ct_arena_printf(job->all->arena, "%u", port));
	}
}

static void write_exposure(struct conversion *all, const struct publication *publication)
{
	ct_autobuf line = CT_BUF_INIT;
	const char *address = publication->address;
	bool loopback = address && strcmp(address, "127.0.0.1") == 0;

	ct_buf_puts(&line, "EXPOSE ");
	if ((address && !loopback) || publication->udp) {
		ct_autobuf text = CT_BUF_INIT;

		if (address)
			ct_buf_printf(&text, strchr(address, ':') ? "[%s]:" : "%s:", address);
		ct_buf_printf(&text, "%u:%u%s", publication->host, publication->container,
			      publication->udp ? "/udp" : "");
		append_quoted(&line, text.data, false);
	} else {
		ct_buf_printf(&line, "%u:%u", publication->host, publication->container);
	}
	if (all->listeners[publication->container] > 1)
		ct_buf_printf(&line, " FROM %s", publication->service->names[0]);
	output_statement(&all->output, &all->output.exposures,
			 (struct subject){ "service", publication->service->name }, publication->cause,
			 ct_arena_take(all->arena, &line));
}

/* The same port of the same service, said twice, is exposed once. */
static bool is_first(struct conversion *all, const struct publication *publication)
{
	char key[200];

	snprintf(key, sizeof(key), "port %zu %.50s %u %u %d", (size_t)(publication->service - all->services),
		 publication->address ? publication->address : "", publication->host, publication->container,
		 publication->udp);
	return first_time(all, key);
}

static void note_once(struct conversion *all, const struct publication *publication, const char *what, const char *text)
{
	if (first_time(all, what))
		report_note(all->report, (struct subject){ "service", publication->service->name },
			    (struct cause){ publication->cause.place, "ports", NULL }, "%s", text);
}

void write_exposures(struct conversion *all)
{
	for (const struct publication *publication = all->publications; publication; publication = publication->next) {
		const struct service *service = publication->service;
		char once[80];

		if (!is_first(all, publication))
			continue;
		snprintf(once, sizeof(once), "host ports of %zu", (size_t)(service - all->services));
		if (service->has_host_network) {
			note_once(all, publication, once,
				  "nothing to publish: on the host's network its ports are the host's");
			continue;
		}
		if (service->has_no_network) {
			if (first_time(all, once))
				report_loss(all->report, (struct subject){ "service", service->name },
					    (struct cause){ publication->cause.place, "ports", NULL },
					    "nothing can be published of a service without a network");
			continue;
		}
		if (!publication->address)
			note_once(all, publication, "loopback",
				  "compose publishes ports on all addresses, this file on 127.0.0.1; 'ctst run "
				  "--publish-addr "
				  "0.0.0.0' publishes them on all");
		if (service->copies > 1 && first_time(all, once))
			report_loss(all->report, (struct subject){ "service", service->name },
				    (struct cause){ publication->cause.place, "ports", NULL },
				    "only '%s', the first of %zu copies, has the host's ports; give the others ports "
				    "of their own",
				    service->names[0], service->copies);
		write_exposure(all, publication);
	}
}
