#include "ctst-plan/graph.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Counting sort: the edges of one node stay in the order they came in. */
static void fill(struct adjacency *adjacency, size_t count, const struct edge *edges, size_t edge_count, bool inverse)
{
	ct_autofree uint32_t *next = ct_alloc_array(count + 1, sizeof(*next));

	adjacency->begin = ct_alloc_array(count + 1, sizeof(*adjacency->begin));
	adjacency->items = ct_alloc_array(edge_count, sizeof(*adjacency->items));
	for (size_t i = 0; i < edge_count; i++)
		adjacency->begin[(inverse ? edges[i].to : edges[i].from) + 1]++;
	for (size_t i = 0; i < count; i++)
		adjacency->begin[i + 1] += adjacency->begin[i];
	memcpy(next, adjacency->begin, (count + 1) * sizeof(*next));
	for (size_t i = 0; i < edge_count; i++)
		adjacency->items[next[inverse ? edges[i].to : edges[i].from]++] = inverse ? edges[i].from : edges[i].to;
}

/* Keeps the first of equal neighbours. */
static void drop_duplicates(struct adjacency *adjacency, size_t count)
{
	ct_autofree uint32_t *seen_by = ct_alloc_array(count, sizeof(*seen_by));
	uint32_t kept = 0;

	for (uint32_t node = 0; node < count; node++) {
		uint32_t begin = adjacency->begin[node];

		adjacency->begin[node] = kept;
		for (uint32_t i = begin; i < adjacency->begin[node + 1]; i++) {
			uint32_t neighbour = adjacency->items[i];

			if (seen_by[neighbour] == node + 1)
				continue;
			seen_by[neighbour] = node + 1;
			adjacency->items[kept++] = neighbour;
		}
	}
	adjacency->begin[count] = kept;
}

void graph_init(struct graph *graph, size_t count, const struct edge *edges, size_t edge_count)
{
	graph->count = count;
	fill(&graph->needs, count, edges, edge_count, false);
	drop_duplicates(&graph->needs, count);
	fill(&graph->users, count, edges, edge_count, true);
	drop_duplicates(&graph->users, count);
}

void graph_release(struct graph *graph)
{
	free(graph->needs.begin);
	free(graph->needs.items);
	free(graph->users.begin);
	free(graph->users.items);
	*graph = (struct graph)GRAPH_INIT;
}

/* A binary heap of node numbers, the smallest on top. */
struct heap {
	uint32_t *nodes;
	size_t count;
};

static void heap_push(struct heap *heap, uint32_t node)
{
	size_t at = heap->count++;

	while (at > 0 && heap->nodes[(at - 1) / 2] > node) {
		heap->nodes[at] = heap->nodes[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->nodes[at] = node;
}

static uint32_t heap_pop(struct heap *heap)
{
	uint32_t top = heap->nodes[0];
	uint32_t moved = heap->nodes[--heap->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap->nodes[child + 1] < heap->nodes[child])
			child++;
		if (heap->nodes[child] >= moved)
			break;
		heap->nodes[at] = heap->nodes[child];
		at = child;
	}
	heap->nodes[at] = moved;
	return top;
}

/* Kahn's algorithm. Returns how many nodes have found their place; waiting[i] > 0 for the others. */
static size_t place_nodes(const struct graph *graph, uint32_t *order, uint32_t *waiting)
{
	ct_autofree uint32_t *nodes = ct_alloc_array(graph->count + 1, sizeof(*nodes));
	struct heap ready = { .nodes = nodes };
	size_t placed = 0;

	for (uint32_t node = 0; node < graph->count; node++) {
		waiting[node] = graph->needs.begin[node + 1] - graph->needs.begin[node];
		if (waiting[node] == 0)
			heap_push(&ready, node);
	}
	while (ready.count > 0) {
		uint32_t node = heap_pop(&ready);

		order[placed++] = node;
		for (uint32_t i = graph->users.begin[node]; i < graph->users.begin[node + 1]; i++) {
			if (--waiting[graph->users.items[i]] == 0)
				heap_push(&ready, graph->users.items[i]);
		}
	}
	return placed;
}

int graph_order(const struct graph *graph, uint32_t *order)
{
	ct_autofree uint32_t *waiting = ct_alloc_array(graph->count, sizeof(*waiting));

	return place_nodes(graph, order, waiting) == graph->count ? 0 : -1;
}

/*
 * A node that waits has a need that waits too, so following those comes back to
 * where it has been: that node lies on a cycle.
 */
static uint32_t node_on_cycle(const struct graph *graph, const uint32_t *waiting, uint32_t node)
{
	ct_autofree bool *visited = ct_alloc_array(graph->count, sizeof(*visited));

	while (!visited[node]) {
		visited[node] = true;
		for (uint32_t i = graph->needs.begin[node]; i < graph->needs.begin[node + 1]; i++) {
			if (waiting[graph->needs.items[i]] > 0) {
				node = graph->needs.items[i];
				break;
			}
		}
	}
	return node;
}

/* Breadth first along the needs from `start` until it is found again: people fix what they can see, so the shortest. */
static size_t shortest_cycle(const struct graph *graph, uint32_t start, uint32_t *nodes)
{
	ct_autofree uint32_t *queue = ct_alloc_array(graph->count, sizeof(*queue));
	ct_autofree uint32_t *came_from = ct_alloc_array(graph->count, sizeof(*came_from));
	size_t head = 0, tail = 0, length = 0;

	memset(came_from, 0xff, graph->count * sizeof(*came_from));
	queue[tail++] = start;
	while (head < tail) {
		uint32_t node = queue[head++];

		for (uint32_t i = graph->needs.begin[node]; i < graph->needs.begin[node + 1]; i++) {
			uint32_t need = graph->needs.items[i];

			if (need == start) {
				for (; node != start; node = came_from[node])
					nodes[length++] = node;
				nodes[length++] = start;
				return length;
			}
			if (came_from[need] == NOTHING) {
				came_from[need] = node;
				queue[tail++] = need;
			}
		}
	}
	return 0;
}

size_t graph_find_cycle(const struct graph *graph, uint32_t *nodes)
{
	ct_autofree uint32_t *waiting = ct_alloc_array(graph->count, sizeof(*waiting));
	uint32_t first = 0;
	size_t length;

	if (place_nodes(graph, nodes, waiting) == graph->count)
		return 0;
	while (waiting[first] == 0)
		first++;
	length = shortest_cycle(graph, node_on_cycle(graph, waiting, first), nodes);
	/* It was written from its end to its begin. */
	for (size_t i = 0; i < length / 2; i++) {
		uint32_t swapped = nodes[i];

		nodes[i] = nodes[length - 1 - i];
		nodes[length - 1 - i] = swapped;
	}
	return length;
}

/* "a -> b -> a"; of a cycle that no message can hold, the middle is counted only. */
static int report_cycle(const struct composition *composition, const struct graph *graph, struct ct_err *err)
{
	ct_autofree uint32_t *nodes = ct_alloc_array(graph->count, sizeof(*nodes));
	size_t length = graph_find_cycle(graph, nodes);
	ct_autobuf path = CT_BUF_INIT;
	size_t shown = 0;

	for (; shown < length && path.length < 700; shown++)
		ct_buf_printf(&path, "%.63s -> ", composition->components[nodes[shown]].name);
	if (shown < length)
		ct_buf_printf(&path, "%zu more -> ", length - shown);
	ct_buf_printf(&path, "%.63s", composition->components[nodes[0]].name);
	return ct_fail(err, "P001", "composition: connections: dependency cycle: %s", path.data);
}

int graph_of_composition(const struct composition *composition, struct graph *graph, uint32_t **order,
			 struct ct_err *err)
{
	graph_init(graph, composition->count, composition->edges, composition->edge_count);
	*order = ct_alloc_array(composition->count, sizeof(**order));
	if (graph_order(graph, *order) == 0)
		return 0;
	free(*order);
	*order = NULL;
	return report_cycle(composition, graph, err);
}
