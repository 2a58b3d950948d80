#include "ctst-parse/graph.h"

#include <stdlib.h>

#include "common/buf.h"

static bool is_edge(const struct connection *connection)
{
	return connection->from != NO_COMPONENT && connection->to != NO_COMPONENT && connection->from != connection->to;
}

/* Counting sort. */
void graph_init(struct graph *graph, const struct composition *all)
{
	uint32_t *filled;

	graph->all = all;
	graph->node_count = (uint32_t)all->component_count;
	graph->begin = ct_alloc_array(all->component_count + 2, sizeof(*graph->begin));
	graph->edges = ct_alloc_array(all->connection_count, sizeof(*graph->edges));
	filled = graph->begin + 1;
	for (size_t i = 0; i < all->connection_count; i++) {
		if (is_edge(&all->connections[i]))
			filled[all->connections[i].from + 1]++;
	}
	for (uint32_t node = 0; node < graph->node_count; node++)
		filled[node + 1] += filled[node];
	/* Filling moves each begin to its end, which is the next one's begin. */
	for (size_t i = 0; i < all->connection_count; i++) {
		if (is_edge(&all->connections[i]))
			graph->edges[filled[all->connections[i].from]++] = (uint32_t)i;
	}
}

void graph_release(struct graph *graph)
{
	free(graph->begin);
	free(graph->edges);
	*graph = (struct graph){ 0 };
}
