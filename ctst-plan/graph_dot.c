#include <string.h>

#include "ctst-plan/graph_output.h"

/* No component can be called like the node of the host: it is no identifier. */
#define HOST "\":host\""

static bool is_shown(const struct networks *networks)
{
	return networks->count > 1 || (networks->count == 1 && strcmp(networks->items[0].name, "bridge") != 0);
}

/*
 * Graphviz puts a node into one cluster at most: that of its own network. Where a connection joins it to
 * another one, the edge says so. The default network alone would be a frame around everything.
 */
static void write_clusters(const struct graph_view *view, struct ct_buf *out)
{
	if (!is_shown(view->networks))
		return;
	for (size_t i = 0; i < view->networks->count; i++) {
		const struct network *network = &view->networks->items[i];

		ct_buf_printf(out, "\tsubgraph \"cluster_%s\" {\n\t\tlabel=\"network %s\";\n", network->name,
			      network->name);
		for (size_t j = 0; j < network->count; j++) {
			const struct component *component = &view->composition->components[network->members[j]];

			if (strcmp(component->network, network->name) == 0)
				ct_buf_printf(out, "\t\t\"%s\";\n", component->name);
		}
		ct_buf_puts(out, "\t}\n");
	}
}

static void write_edges(const struct graph_view *view, uint32_t index, struct ct_buf *out)
{
	const struct component *components = view->composition->components;
	const struct adjacency *needs = &view->graph->needs;

	for (uint32_t i = needs->begin[index]; i < needs->begin[index + 1]; i++) {
		const struct component *need = &components[needs->items[i]];

		ct_buf_printf(out, "\t\"%s\" -> \"%s\"", components[index].name, need->name);
		if (strcmp(need->network, components[index].network) != 0 && strcmp(need->network, "none") != 0)
			ct_buf_printf(out, " [label=\"joins %s\"]", need->network);
		ct_buf_puts(out, ";\n");
	}
}

static void write_exposed(const struct graph_view *view, struct ct_buf *out)
{
	const struct composition *composition = view->composition;

	if (composition->exposed_count > 0)
		ct_buf_puts(out, "\t" HOST " [label=\"host\", shape=box];\n");
	for (size_t at = 0; at < composition->count; at++) {
		const struct component *component = &composition->components[view->order[at]];

		for (uint32_t i = component->published; i != NOTHING; i = composition->exposed[i].next) {
			ct_buf_printf(out, "\t" HOST " -> \"%s\" [style=dashed, label=\"", component->name);
			graph_write_port(view, &composition->exposed[i], out);
			ct_buf_puts(out, "\"];\n");
		}
	}
}

void graph_write_dot(const struct graph_view *view, struct ct_buf *out)
{
	ct_buf_puts(out, "digraph composition {\n");
	write_clusters(view, out);
	for (size_t at = 0; at < view->composition->count; at++) {
		uint32_t index = view->order[at];

		if (view->composition->components[index].template_only)
			continue;
		ct_buf_printf(out, "\t\"%s\";\n", view->composition->components[index].name);
		write_edges(view, index, out);
	}
	write_exposed(view, out);
	ct_buf_puts(out, "}\n");
}
