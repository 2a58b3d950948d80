#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ctst-parse/check.h"
#include "ctst-parse/graph.h"
#include "ctst-parse/properties.h"

#define PREFETCH_DISTANCE 8 /* connections: about as long as memory takes */

static uint32_t resolve(struct checker *checker, struct ct_slice name, struct span span)
{
	uint32_t number = ct_names_find(&checker->composition->names, name);
	struct component *component;

	if (number == CT_NAME_UNKNOWN) {
		check_undefined(checker, name, span);
		return NO_COMPONENT;
	}
	component = &checker->composition->components[number];
	component->is_used = true;
	if (component->is_template) {
		diagnostic_hint(diagnostics_error(checker->diagnostics, "E002", span,
						  "component '%.*s' is a template and is not deployed", SHOWN(name)),
				"it has required_params");
		return NO_COMPONENT;
	}
	return number;
}

/* Nothing can be reached that has no network. */
static void check_target_network(struct checker *checker, const struct connection *connection)
{
	const struct component *target = &checker->composition->components[connection->to];
	const struct entry *network = component_property(target, PROPERTY_NETWORK);

	if (network && network->value.kind == VALUE_STRING && ct_slice_is(value_text(&network->value), "none"))
		diagnostic_hint_place(check_error(checker, connection->to_span,
						  "component '%.*s' has no network and cannot be connected to",
						  SHOWN(target->name)),
				      checker->diagnostics, network->value.span, "its network is \"none\", in");
}

static void resolve_both(struct checker *checker, struct connection *connection)
{
	connection->from = resolve(checker, connection->from_name, connection->from_span);
	connection->to = resolve(checker, connection->to_name, connection->to_span);
	if (connection->from == NO_COMPONENT || connection->to == NO_COMPONENT)
		return;
	if (connection->from == connection->to) {
		connection->duplicate = true;
		diagnostics_error(checker->diagnostics, "E004", connection->to_span,
				  "component '%.*s' depends on itself", SHOWN(connection->to_name));
		return;
	}
	check_target_network(checker, connection);
}

/* Scratch for looking at the edges of one node after the other: what was seen at the node `stamp[x] - 1`. */
struct seen {
	uint32_t *stamp; /* by component; node + 1, 0: never */
	uint32_t *first; /* number of the connection */
};

/* The connection by which `x` was met before at this node, or `connection` itself when it is the first. */
static uint32_t meet(struct seen *seen, uint32_t node, uint32_t x, uint32_t connection)
{
	if (seen->stamp[x] == node + 1)
		return seen->first[x];
	seen->stamp[x] = node + 1;
	seen->first[x] = connection;
	return connection;
}

static void find_duplicates(struct checker *checker, const struct graph *graph, struct seen *seen)
{
	for (uint32_t node = 0; node < graph->node_count; node++) {
		for (uint32_t edge = graph->begin[node]; edge < graph->begin[node + 1]; edge++) {
			struct connection *connection = graph_connection(graph, edge);
			uint32_t before = meet(seen, node, connection->to, graph->edges[edge]);

			if (before == graph->edges[edge])
				continue;
			connection->duplicate = true;
			diagnostic_hint(diagnostics_warning(checker->diagnostics, "", connection->span,
							    "'%.*s' is connected to '%.*s' twice",
							    SHOWN(connection->from_name), SHOWN(connection->to_name)),
					"first in line %u", graph->all->connections[before].span.line);
		}
	}
}

/* The prefix of a component's variables (DB_HOST) in small letters, its name with '_' for '-'; in the arena. */
static struct ct_slice prefix_of(struct ct_arena *arena, struct ct_slice name)
{
	char *text = ct_arena_alloc(arena, name.length);

	for (size_t i = 0; i < name.length; i++)
		text[i] = name.text[i] == '-' ? '_' : (char)tolower((unsigned char)name.text[i]);
	return (struct ct_slice){ text, name.length };
}

static bool is_its_own_prefix(struct ct_slice name)
{
	for (size_t i = 0; i < name.length; i++) {
		if (name.text[i] == '-' || isupper((unsigned char)name.text[i]))
			return false;
	}
	return true;
}

/*
 * classes[i] is one component for all those with the prefix of component i. Two names can only share
 * a prefix when one of them has a '-' or a capital in it. Returns whether any two do, which is rare.
 */
static bool classify_prefixes(struct checker *checker, uint32_t *classes)
{
	const struct composition *all = checker->composition;
	struct ct_names others = CT_NAMES_INIT;
	bool shared = false;

	for (uint32_t i = 0; i < all->component_count; i++) {
		struct ct_slice prefix;

		classes[i] = i;
		if (is_its_own_prefix(all->components[i].name))
			continue;
		prefix = prefix_of(checker->arena, all->components[i].name);
		classes[i] = ct_names_find(&all->names, prefix);
		if (classes[i] == CT_NAME_UNKNOWN)
			classes[i] = ct_names_add(&others, prefix, i, &classes[i]) ? i : classes[i];
		shared |= classes[i] != i;
	}
	ct_names_release(&others);
	return shared;
}

static void report_prefix(struct checker *checker, const struct connection *first, const struct connection *second)
{
	char prefix[64];
	size_t length = second->to_name.length < sizeof(prefix) ? second->to_name.length : sizeof(prefix) - 1;

	for (size_t i = 0; i < length; i++)
		prefix[i] = second->to_name.text[i] == '-' ? '_'
							   : (char)toupper((unsigned char)second->to_name.text[i]);
	prefix[length] = '\0';
	diagnostic_hint(diagnostics_error(checker->diagnostics, "E019", second->to_span,
					  "'%.*s' and '%.*s' give '%.*s' variables of the same names",
					  SHOWN(first->to_name), SHOWN(second->to_name), SHOWN(second->from_name)),
			"rename one of them: both become %s_HOST", prefix);
}

static void check_prefixes(struct checker *checker, const struct graph *graph, struct seen *seen)
{
	uint32_t *classes = ct_alloc_array(graph->node_count, sizeof(*classes));

	memset(seen->stamp, 0, graph->node_count * sizeof(*seen->stamp));
	for (uint32_t node = classify_prefixes(checker, classes) ? 0 : graph->node_count; node < graph->node_count;
	     node++) {
		for (uint32_t edge = graph->begin[node]; edge < graph->begin[node + 1]; edge++) {
			const struct connection *connection = graph_connection(graph, edge);
			uint32_t before;

			if (connection->duplicate)
				continue;
			before = meet(seen, node, classes[connection->to], graph->edges[edge]);
			if (before != graph->edges[edge])
				report_prefix(checker, &graph->all->connections[before], connection);
		}
	}
	free(classes);
}

void check_connections(struct checker *checker)
{
	struct composition *all = checker->composition;
	struct seen seen;
	struct graph graph;

	for (size_t i = 0; i < all->connection_count; i++) {
		if (i + PREFETCH_DISTANCE < all->connection_count) {
			ct_names_prefetch(&all->names, all->connections[i + PREFETCH_DISTANCE].from_name);
			ct_names_prefetch(&all->names, all->connections[i + PREFETCH_DISTANCE].to_name);
		}
		resolve_both(checker, &all->connections[i]);
	}
	if (all->connection_count < 2)
		return;
	graph_init(&graph, all);
	seen.stamp = ct_alloc_array(graph.node_count, sizeof(*seen.stamp));
	seen.first = ct_alloc_array(graph.node_count, sizeof(*seen.first));
	find_duplicates(checker, &graph, &seen);
	check_prefixes(checker, &graph, &seen);
	check_cycles(checker, &graph);
	free(seen.stamp);
	free(seen.first);
	graph_release(&graph);
}
