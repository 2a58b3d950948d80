/*
 * The dependency graph: who needs whom, and the order in which everybody can
 * start. Nothing here recurses; time and memory are linear in components and
 * connections (times the logarithm of what is ready at once).
 */
#ifndef PLAN_GRAPH_H
#define PLAN_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "ctst-plan/composition.h"

/* Neighbours of node i: items[begin[i]] up to, not including, items[begin[i + 1]]. */
struct adjacency {
	uint32_t *begin;
	uint32_t *items;
};

struct graph {
	size_t count;
	struct adjacency needs; /* whom a node waits for, in the order of the CONNECTs; each once */
	struct adjacency users; /* the inverse */
};

#define GRAPH_INIT \
	{ \
		0 \
	}
#define autograph __attribute__((cleanup(graph_release))) struct graph

/* Edges given twice count once. */
void graph_init(struct graph *graph, size_t count, const struct edge *edges, size_t edge_count);

/*
 * Fills order[0 … count-1] with all nodes so that each stands behind what it
 * needs; of those that could stand next the one declared first does. -1 when
 * there is a cycle; then graph_find_cycle() gives it.
 */
int graph_order(const struct graph *graph, uint32_t *order);

/*
 * A shortest cycle through one of the nodes that have no place in the order:
 * nodes[0] needs nodes[1] …, the last needs nodes[0]. `nodes` has room for
 * count. Returns its length; 0 when there is none.
 */
size_t graph_find_cycle(const struct graph *graph, uint32_t *nodes);

/*
 * graph_init() and graph_order() for a composition; -1: P001 with the whole path
 * of a cycle. The caller frees *order.
 */
int graph_of_composition(const struct composition *composition, struct graph *graph, uint32_t **order,
			 struct ct_err *err);

void graph_release(struct graph *graph);

#endif
