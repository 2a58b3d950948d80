/* The dependency graph for eyes (a list), for Graphviz, and for programs. */
#ifndef PLAN_GRAPH_OUTPUT_H
#define PLAN_GRAPH_OUTPUT_H

#include "common/buf.h"
#include "common/err.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"

/* All three list components in start order; templates are left out. */
void graph_write_text(const struct composition *composition, const struct graph *graph, const uint32_t *order,
		      struct ct_buf *out);
void graph_write_dot(const struct composition *composition, const struct graph *graph, const uint32_t *order,
		     struct ct_buf *out);
int graph_write_json(const struct composition *composition, const struct graph *graph, const uint32_t *order,
		     bool pretty, struct ct_buf *out, struct ct_err *err);

#endif
