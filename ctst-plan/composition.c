#include "ctst-plan/composition.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "ctst-plan/check.h"

/* A list that may be absent; *out NULL then. */
static int optional_list(const struct ct_json *root, const char *key, const struct ct_json **out, struct ct_err *err)
{
	*out = ct_json_get(root, key);
	return *out ? check_type(*out, CT_JSON_ARRAY, PLACE_MEMBER(NULL, key), err) : 0;
}

static int read_components(struct composition *composition, const struct ct_json *root, struct ct_err *err)
{
	const struct place *place = PLACE_MEMBER(NULL, "components");
	const struct ct_json *list = check_member(root, "components", NULL, err);

	if (!list || check_type(list, CT_JSON_ARRAY, place, err) < 0)
		return -1;
	if (list->length > MAX_COMPONENTS)
		return check_fail(err, place, "%zu components, at most %zu are allowed", list->length, MAX_COMPONENTS);
	composition->components = ct_arena_array(&composition->arena, list->length, sizeof(*composition->components));
	ct_json_each(object, list) {
		size_t index = composition->count;
		struct component *component = &composition->components[index];

		if (component_read(composition, component, object, index, err) < 0)
			return -1;
		if (!ct_names_add(&composition->names, ct_slice_of(component->name), (uint32_t)index, NULL))
			return check_fail(err, PLACE_MEMBER(PLACE_ITEM(place, index), "name"),
					  "two components are called '%s'", component->name);
		composition->count++;
	}
	return 0;
}

/* The component that the member `key` names; it must exist and be deployed. */
static int read_reference(const struct composition *composition, const struct ct_json *object, const char *key,
			  const struct place *place, uint32_t *index, struct ct_err *err)
{
	const char *name;

	if (check_member_string(object, key, place, &name, err) < 0)
		return -1;
	if (!ct_names_get(&composition->names, ct_slice_of(name), index))
		return check_fail(err, PLACE_MEMBER(place, key), "there is no component '%s'", name);
	if (composition->components[*index].template_only)
		return check_fail(err, PLACE_MEMBER(place, key),
				  "component '%s' has required parameters: it is a template and is not deployed", name);
	return 0;
}

static int read_connections(struct composition *composition, const struct ct_json *root, struct ct_err *err)
{
	const struct place *place = PLACE_MEMBER(NULL, "connections");
	const struct ct_json *list;

	if (optional_list(root, "connections", &list, err) < 0)
		return -1;
	composition->edges = ct_arena_array(&composition->arena, list ? list->length : 0, sizeof(*composition->edges));
	ct_json_each(object, list) {
		const struct place *item = PLACE_ITEM(place, composition->edge_count);
		struct edge *edge = &composition->edges[composition->edge_count];

		if (read_reference(composition, object, "from", item, &edge->from, err) < 0 ||
		    read_reference(composition, object, "to", item, &edge->to, err) < 0)
			return -1;
		if (edge->from == edge->to)
			return check_fail(err, item, "component '%s' depends on itself",
					  composition->components[edge->from].name);
		composition->edge_count++;
	}
	return 0;
}

bool is_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static int read_port(const struct ct_json *object, const char *key, const struct place *place, uint16_t *port,
		     struct ct_err *err)
{
	const struct ct_json *value = check_member(object, key, place, err);
	int64_t number;

	if (!value || check_int(value, 1, 65535, PLACE_MEMBER(place, key), &number, err) < 0)
		return -1;
	*port = (uint16_t)number;
	return 0;
}

static int read_exposed(struct exposed *exposed, const struct ct_json *object, const struct place *place,
			struct ct_err *err)
{
	const struct ct_json *address, *protocol;

	if (read_port(object, "host_port", place, &exposed->host_port, err) < 0 ||
	    read_port(object, "container_port", place, &exposed->container_port, err) < 0)
		return -1;
	address = ct_json_get(object, "address");
	if (address && address->type != CT_JSON_NULL) {
		if (check_string(address, true, PLACE_MEMBER(place, "address"), &exposed->address, err) < 0)
			return -1;
		if (!is_address(exposed->address))
			return check_fail(err, PLACE_MEMBER(place, "address"), "'%s' is not an IP address",
					  exposed->address);
	}
	exposed->protocol = "tcp";
	protocol = ct_json_get(object, "protocol");
	if (protocol && check_string(protocol, true, PLACE_MEMBER(place, "protocol"), &exposed->protocol, err) < 0)
		return -1;
	if (strcmp(exposed->protocol, "tcp") != 0 && strcmp(exposed->protocol, "udp") != 0)
		return check_fail(err, PLACE_MEMBER(place, "protocol"), "'%s' is neither 'tcp' nor 'udp'",
				  exposed->protocol);
	return 0;
}

/* One bit for each port and protocol: a host port can be given away once. */
struct port_set {
	uint8_t bits[2][65536 / 8];
};

static bool take_port(struct port_set *set, const struct exposed *exposed)
{
	uint8_t *byte = &set->bits[exposed->protocol[0] == 'u'][exposed->host_port / 8];
	uint8_t bit = (uint8_t)(1u << (exposed->host_port % 8));
	bool fresh = !(*byte & bit);

	*byte |= bit;
	return fresh;
}

static int read_all_exposed(struct composition *composition, const struct ct_json *root, struct ct_err *err)
{
	const struct place *place = PLACE_MEMBER(NULL, "exposed");
	struct port_set taken = { 0 };
	const struct ct_json *list;
	uint32_t *last;

	if (optional_list(root, "exposed", &list, err) < 0)
		return -1;
	if (!list || list->length == 0)
		return 0;
	composition->exposed = ct_arena_array(&composition->arena, list->length, sizeof(*composition->exposed));
	last = ct_arena_array(&composition->arena, composition->count, sizeof(*last));
	ct_json_each(object, list) {
		uint32_t index = (uint32_t)composition->exposed_count;
		struct exposed *exposed = &composition->exposed[index];
		const struct place *item = PLACE_ITEM(place, index);
		uint32_t owner = 0;

		exposed->next = NOTHING;
		if (read_reference(composition, object, "component", item, &owner, err) < 0 ||
		    read_exposed(exposed, object, item, err) < 0)
			return -1;
		if (!take_port(&taken, exposed))
			return ct_fail(err, "E015", "host port %u is published twice", exposed->host_port);
		if (composition->components[owner].published == NOTHING)
			composition->components[owner].published = index;
		else
			composition->exposed[last[owner]].next = index;
		last[owner] = index;
		composition->exposed_count++;
	}
	return 0;
}

int composition_read(struct composition *composition, const struct ct_json *root, struct ct_err *err)
{
	if (check_member_string(root, "file", NULL, &composition->file, err) < 0 ||
	    check_member_string(root, "directory", NULL, &composition->directory, err) < 0)
		return -1;
	if (composition->directory[0] != '/')
		return check_fail(err, PLACE_MEMBER(NULL, "directory"), "'%s' is not an absolute path",
				  composition->directory);
	if (read_components(composition, root, err) < 0)
		return -1;
	if (read_connections(composition, root, err) < 0)
		return -1;
	return read_all_exposed(composition, root, err);
}

void composition_release(struct composition *composition)
{
	ct_names_release(&composition->names);
	ct_arena_release(&composition->arena);
	*composition = (struct composition)COMPOSITION_INIT;
}
