#include "ctst-plan/graph_output.h"

#include "common/json.h"

/* Names of components are identifiers: nothing in them has to be escaped. */

void graph_write_text(const struct composition *composition, const struct graph *graph, const uint32_t *order,
		      struct ct_buf *out)
{
	for (size_t at = 0; at < composition->count; at++) {
		uint32_t index = order[at];
		const char *before = " -> ";

		if (composition->components[index].template_only)
			continue;
		ct_buf_puts(out, composition->components[index].name);
		for (uint32_t i = graph->needs.begin[index]; i < graph->needs.begin[index + 1]; i++) {
			ct_buf_printf(out, "%s%s", before, composition->components[graph->needs.items[i]].name);
			before = ", ";
		}
		ct_buf_putc(out, '\n');
	}
}

void graph_write_dot(const struct composition *composition, const struct graph *graph, const uint32_t *order,
		     struct ct_buf *out)
{
	ct_buf_puts(out, "digraph composition {\n");
	for (size_t at = 0; at < composition->count; at++) {
		uint32_t index = order[at];
		const char *name = composition->components[index].name;

		if (composition->components[index].template_only)
			continue;
		ct_buf_printf(out, "\t\"%s\";\n", name);
		for (uint32_t i = graph->needs.begin[index]; i < graph->needs.begin[index + 1]; i++)
			ct_buf_printf(out, "\t\"%s\" -> \"%s\";\n", name,
				      composition->components[graph->needs.items[i]].name);
	}
	ct_buf_puts(out, "}\n");
}

int graph_write_json(const struct composition *composition, const struct graph *graph, const uint32_t *order,
		     bool pretty, struct ct_buf *out, struct ct_err *err)
{
	struct ct_json_writer *writer = ct_json_writer_new(out, pretty);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.graph/1");
	ct_json_member_string(writer, "file", composition->file);
	ct_json_key(writer, "components");
	ct_json_open_array(writer);
	for (size_t at = 0; at < composition->count; at++) {
		uint32_t index = order[at];

		if (composition->components[index].template_only)
			continue;
		ct_json_open_object(writer);
		ct_json_member_string(writer, "name", composition->components[index].name);
		ct_json_key(writer, "after");
		ct_json_open_array(writer);
		for (uint32_t i = graph->needs.begin[index]; i < graph->needs.begin[index + 1]; i++)
			ct_json_string(writer, composition->components[graph->needs.items[i]].name);
		ct_json_close_array(writer);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	if (out->data[out->length - 1] != '\n')
		ct_buf_putc(out, '\n');
	return 0;
}
