#include "tests/fuzz/reader.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "ctst-plan/composition.h"
#include "ctst-plan/graph.h"

int reader_accepts(const char *json, size_t length, struct reader_found *found, char *message, size_t size)
{
	struct ct_err err = CT_ERR_INIT;
	ct_autojson *doc = ct_json_parse(json, length, "P001", &err);
	autocomposition composition = COMPOSITION_INIT;
	autograph graph = GRAPH_INIT;
	ct_autofree uint32_t *order = NULL;

	if (doc && composition_read(&composition, ct_json_root(doc), &err) == 0 &&
	    graph_of_composition(&composition, &graph, &order, &err) == 0) {
		found->connections = composition.edge_count;
		found->exposures = composition.exposed_count;
		return 0;
	}
	snprintf(message, size, "%s", err.message);
	return -1;
}
