/* Any document through ctst-plan's reader. What it accepts has an order of start, and can be drawn. */
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"
#include "ctst-plan/graph_output.h"
#include "ctst-plan/networks.h"
#include "ctst-plan/plan_inherited.h"
#include "tests/fuzz/fuzz.h"

/* Everybody behind what they need, and everybody once. */
static void check_order(const struct graph *graph, const uint32_t *order)
{
	ct_autofree uint32_t *place = ct_alloc_array(graph->count + 1, sizeof(*place));

	for (uint32_t i = 0; i < graph->count; i++)
		place[i] = UINT32_MAX;
	for (uint32_t i = 0; i < graph->count; i++) {
		fuzz_require(order[i] < graph->count && place[order[i]] == UINT32_MAX, "node %u", order[i]);
		place[order[i]] = i;
	}
	for (uint32_t i = 0; i < graph->count; i++) {
		for (uint32_t k = graph->needs.begin[i]; k < graph->needs.begin[i + 1]; k++)
			fuzz_require(place[graph->needs.items[k]] < place[i], "node %u", i);
	}
}

static void check_drawings(const struct composition *composition, const struct graph *graph, const uint32_t *order)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autobuf text = CT_BUF_INIT;
	ct_autobuf json = CT_BUF_INIT;
	autonetworks networks = NETWORKS_INIT;
	struct graph_view view = { composition, graph, order, &networks, "127.0.0.1" };

	networks_make(&networks, composition, graph, order);
	graph_write_text(&view, &text);
	graph_write_dot(&view, &text);
	for (size_t i = 0; i < composition->count; i++)
		plan_write_inherited(&composition->components[i], &text);
	fuzz_require(graph_write_json(&view, true, &json, &err) == 0, "%s", err.message);
	{
		ct_autojson *doc = ct_json_parse(json.data, json.length, "P001", &err);

		fuzz_require(doc, "%s", err.message);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autojson *doc = ct_json_parse((const char *)bytes, length, "P001", &err);
	autocomposition composition = COMPOSITION_INIT;
	autograph graph = GRAPH_INIT;
	ct_autofree uint32_t *order = NULL;

	if (!doc || composition_read(&composition, ct_json_root(doc), &err) < 0) {
		fuzz_require(err.message[0], "refused without a reason");
		return 0;
	}
	if (graph_of_composition(&composition, &graph, &order, &err) == 0) {
		check_order(&graph, order);
		check_drawings(&composition, &graph, order);
	} else {
		fuzz_require(err.message[0], "refused without a reason");
	}
	if (images_read(&composition, ct_json_root(doc), &err) < 0)
		fuzz_require(err.message[0], "refused without a reason");
	return 0;
}
