#include <stdlib.h>
#include <string.h>

#include "ctst-parse/check.h"
#include "ctst-parse/graph.h"

#define NAMES_SHOWN 100 /* of one cycle */
#define UNSEEN UINT32_MAX

static uint32_t edge_target(const struct graph *graph, uint32_t edge)
{
	return graph_connection(graph, edge)->to;
}

/*
 * Strongly connected components after Tarjan, with the recursion kept in `frames`:
 * how deep components depend on each other is the file's choice, not ours.
 */
struct search {
	const struct graph *graph;
	uint32_t *index;  /* order of discovery, UNSEEN */
	uint32_t *low;    /* smallest index that can be reached */
	uint32_t *next;   /* edge to follow next */
	uint32_t *frames; /* the path from the root */
	uint32_t *open;   /* nodes that belong to no finished component */
	uint32_t *group;  /* smallest node of the finished component, UNSEEN while open */
	uint32_t frame_count, open_count, counter;
};

static void enter(struct search *search, uint32_t node)
{
	search->index[node] = search->low[node] = search->counter++;
	search->next[node] = search->graph->begin[node];
	search->frames[search->frame_count++] = node;
	search->open[search->open_count++] = node;
}

/* Everything above `node` on the stack is one component with it. Returns how many nodes that are. */
static uint32_t close_group(struct search *search, uint32_t node)
{
	uint32_t first = search->open_count, smallest = node;

	do {
		first--;
		if (search->open[first] < smallest)
			smallest = search->open[first];
	} while (search->open[first] != node);
	for (uint32_t i = first; i < search->open_count; i++)
		search->group[search->open[i]] = smallest;
	node = search->open_count - first;
	search->open_count = first;
	return node;
}

static void append_name(struct ct_buf *path, const struct graph *graph, uint32_t node)
{
	struct ct_slice name = graph->all->components[node].name;

	ct_buf_append(path, name.text, name.length);
}

static void report_path(struct checker *checker, const struct graph *graph, const uint32_t *edges, uint32_t count)
{
	const struct connection *all = graph->all->connections;
	const struct connection *last = &all[edges[0]];
	ct_autobuf path = CT_BUF_INIT;
	struct span span;

	for (uint32_t i = 0; i < count; i++) {
		if (all[edges[i]].span.offset > last->span.offset)
			last = &all[edges[i]];
		if (i < NAMES_SHOWN) {
			append_name(&path, graph, all[edges[i]].from);
			ct_buf_puts(&path, " -> ");
		}
	}
	if (count > NAMES_SHOWN)
		ct_buf_printf(&path, "(%u more) -> ", count - NAMES_SHOWN);
	append_name(&path, graph, all[edges[0]].from);
	span = last->from_span;
	if (span.line == last->to_span.line)
		span.length = last->to_span.offset + last->to_span.length - span.offset;
	diagnostic_hint(diagnostics_error(checker->diagnostics, "E004", span, "components depend on each other: %s",
					  path.data),
			"this closes the circle");
}

/*
 * The shortest way from `start` back to itself inside its component, breadth first.
 * A cycle is reported by its shortest path: people fix what they can see. `arrived`, `queue` and `path` are
 * scratch arrays of a number per node; `arrived` holds the connection by which a node was reached.
 */
static void report_cycle(struct checker *checker, const struct search *search, uint32_t start, uint32_t *arrived,
			 uint32_t *queue, uint32_t *path)
{
	const struct graph *graph = search->graph;
	uint32_t head = 0, tail = 0, count = 0;

	queue[tail++] = start;
	while (head < tail && arrived[start] == UNSEEN) {
		uint32_t node = queue[head++];

		for (uint32_t edge = graph->begin[node]; edge < graph->begin[node + 1]; edge++) {
			uint32_t to = edge_target(graph, edge);

			if (search->group[to] != search->group[start] || arrived[to] != UNSEEN)
				continue;
			arrived[to] = graph->edges[edge];
			queue[tail++] = to;
		}
	}
	for (uint32_t node = start; count == 0 || node != start; node = graph->all->connections[arrived[node]].from)
		path[count++] = arrived[node];
	for (uint32_t i = 0; i < count / 2; i++) {
		uint32_t swapped = path[i];

		path[i] = path[count - 1 - i];
		path[count - 1 - i] = swapped;
	}
	report_path(checker, graph, path, count);
}

/* One step of the search: follow an edge of the last node of the path, or leave it. Returns whether a cycle was found. */
static bool step(struct search *search)
{
	uint32_t node = search->frames[search->frame_count - 1];
	uint32_t parent, to;

	if (search->next[node] < search->graph->begin[node + 1]) {
		to = edge_target(search->graph, search->next[node]++);
		if (search->index[to] == UNSEEN)
			enter(search, to);
		else if (search->group[to] == UNSEEN && search->index[to] < search->low[node])
			search->low[node] = search->index[to];
		return false;
	}
	search->frame_count--;
	if (search->frame_count > 0) {
		parent = search->frames[search->frame_count - 1];
		if (search->low[node] < search->low[parent])
			search->low[parent] = search->low[node];
	}
	return search->low[node] == search->index[node] && close_group(search, node) > 1;
}

static bool find_groups(struct search *search)
{
	bool found = false;

	for (uint32_t root = 0; root < search->graph->node_count; root++) {
		if (search->index[root] != UNSEEN)
			continue;
		enter(search, root);
		while (search->frame_count > 0)
			found |= step(search);
	}
	return found;
}

/* A group's smallest node stands for it; one that is alone in its group is in no cycle. */
static void report_groups(struct checker *checker, struct search *search)
{
	uint32_t count = search->graph->node_count;
	uint32_t *size = search->low, *arrived = search->index;

	memset(size, 0, count * sizeof(*size));
	for (uint32_t node = 0; node < count; node++) {
		size[search->group[node]]++;
		arrived[node] = UNSEEN;
	}
	for (uint32_t node = 0; node < count; node++) {
		if (search->group[node] == node && size[node] > 1)
			report_cycle(checker, search, node, arrived, search->frames, search->open);
	}
}

void check_cycles(struct checker *checker, const struct graph *graph)
{
	struct search search = { .graph = graph };
	size_t nodes = graph->node_count;
	/* One more: the path of a cycle through every node closes where it began. */
	uint32_t *memory = ct_alloc_array(6 * (nodes + 1), sizeof(*memory));

	search.index = memory;
	search.low = memory + (nodes + 1);
	search.next = memory + 2 * (nodes + 1);
	search.frames = memory + 3 * (nodes + 1);
	search.open = memory + 4 * (nodes + 1);
	search.group = memory + 5 * (nodes + 1);
	for (size_t i = 0; i < nodes; i++)
		search.index[i] = search.group[i] = UNSEEN;
	if (find_groups(&search))
		report_groups(checker, &search);
	free(memory);
}
