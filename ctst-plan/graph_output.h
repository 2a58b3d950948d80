/*
 * The dependency graph for eyes (a list), for Graphviz, and for programs. All three have the
 * components in start order, templates left out, with their networks and the
 * ports that are exposed.
 *
 * Names of components and networks are identifiers and addresses have been parsed
 * (composition_read() checks both), so between double quotes nothing in them has to be escaped.
 */
#ifndef PLAN_GRAPH_OUTPUT_H
#define PLAN_GRAPH_OUTPUT_H

#include "common/buf.h"
#include "common/err.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"
#include "ctst-plan/networks.h"

/* What is drawn. Owns nothing. */
struct graph_view {
	const struct composition *composition;
	const struct graph *graph;
	const uint32_t *order; /* of the start; templates among them are skipped */
	const struct networks *networks;
	const char *publish_address; /* where EXPOSE binds when it does not say */
};

/* One line for each component; what stands in brackets is what differs from the default. */
void graph_write_text(const struct graph_view *view, struct ct_buf *out);

/* A directed graph in Graphviz' language: a cluster for each network, an edge from the host for each exposed port. */
void graph_write_dot(const struct graph_view *view, struct ct_buf *out);

/* The ctst.graph/1 document, compact or indented. -1: text that is not UTF-8. */
int graph_write_json(const struct graph_view *view, bool pretty, struct ct_buf *out, struct ct_err *err);

/* "127.0.0.1:80 -> 8080", "[::1]:53 -> 53/udp". */
void graph_write_port(const struct graph_view *view, const struct exposed *exposed, struct ct_buf *out);

#endif
