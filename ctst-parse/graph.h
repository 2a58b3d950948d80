/* Who depends on whom: the connections of a composition, sorted by where they come from. */
#ifndef CTST_PARSE_GRAPH_H
#define CTST_PARSE_GRAPH_H

#include "ctst-parse/ast.h"

/* A node is the number of a component. Its edges are edges[begin[node]] up to edges[begin[node + 1]], in the file's order. */
struct graph {
	const struct composition *all;
	uint32_t node_count;
	uint32_t *begin; /* owned */
	uint32_t *edges; /* owned; numbers of connections */
};

/* Connections whose ends are not both known, and those to oneself, are left out. */
void graph_init(struct graph *graph, const struct composition *all);
void graph_release(struct graph *graph);

static inline struct connection *graph_connection(const struct graph *graph, uint32_t edge)
{
	return &graph->all->connections[graph->edges[edge]];
}

#endif
