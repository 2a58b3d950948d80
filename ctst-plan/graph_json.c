#include "common/json.h"
#include "ctst-plan/graph_output.h"

static void write_component(struct ct_json_writer *writer, const struct graph_view *view, uint32_t index)
{
	const struct component *component = &view->composition->components[index];
	const struct adjacency *needs = &view->graph->needs;

	ct_json_open_object(writer);
	ct_json_member_string(writer, "name", component->name);
	ct_json_key(writer, "after");
	ct_json_open_array(writer);
	for (uint32_t i = needs->begin[index]; i < needs->begin[index + 1]; i++)
		ct_json_string(writer, view->composition->components[needs->items[i]].name);
	ct_json_close_array(writer);
	ct_json_member_string(writer, "network", component->network);
	ct_json_key(writer, "ports");
	ct_json_open_array(writer);
	for (size_t i = 0; i < component->ports.count; i++)
		ct_json_int(writer, component->ports.items[i]);
	ct_json_close_array(writer);
	ct_json_close_object(writer);
}

/* As in a composition, but no address is left open. */
static void write_exposed(struct ct_json_writer *writer, const struct graph_view *view)
{
	const struct composition *composition = view->composition;

	ct_json_key(writer, "exposed");
	ct_json_open_array(writer);
	for (size_t at = 0; at < composition->count; at++) {
		const struct component *component = &composition->components[view->order[at]];

		for (uint32_t i = component->published; i != NOTHING; i = composition->exposed[i].next) {
			const struct exposed *exposed = &composition->exposed[i];

			ct_json_open_object(writer);
			ct_json_member_string(writer, "component", component->name);
			ct_json_member_int(writer, "host_port", exposed->host_port);
			ct_json_member_int(writer, "container_port", exposed->container_port);
			ct_json_member_string(writer, "address",
					      exposed->address ? exposed->address : view->publish_address);
			ct_json_member_string(writer, "protocol", exposed->protocol);
			ct_json_close_object(writer);
		}
	}
	ct_json_close_array(writer);
}

int graph_write_json(const struct graph_view *view, bool pretty, struct ct_buf *out, struct ct_err *err)
{
	const struct composition *composition = view->composition;
	struct ct_json_writer *writer = ct_json_writer_new(out, pretty);

	ct_json_open_object(writer);
	ct_json_member_string(writer, "format", "ctst.graph/1");
	ct_json_member_string(writer, "file", composition->file);
	ct_json_key(writer, "components");
	ct_json_open_array(writer);
	for (size_t at = 0; at < composition->count; at++) {
		if (!composition->components[view->order[at]].template_only)
			write_component(writer, view, view->order[at]);
	}
	ct_json_close_array(writer);
	networks_write(writer, view->networks, composition);
	write_exposed(writer, view);
	ct_json_close_object(writer);
	if (ct_json_writer_finish(writer, err) < 0)
		return -1;
	if (out->data[out->length - 1] != '\n')
		ct_buf_putc(out, '\n');
	return 0;
}
