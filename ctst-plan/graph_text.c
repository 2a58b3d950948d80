#include <string.h>

#include "ctst-plan/graph_output.h"

/* Where there are only a few words to the left, those in brackets stand below each other. */
#define WIDEST_COLUMN ((size_t)40)

void graph_write_port(const struct graph_view *view, const struct exposed *exposed, struct ct_buf *out)
{
	const char *address = exposed->address ? exposed->address : view->publish_address;
	bool bracketed = strchr(address, ':') != NULL;

	ct_buf_printf(out, "%s%s%s:%u -> %u", bracketed ? "[" : "", address, bracketed ? "]" : "", exposed->host_port,
		      exposed->container_port);
	if (strcmp(exposed->protocol, "tcp") != 0)
		ct_buf_printf(out, "/%s", exposed->protocol);
}

/* On the default network and no other. */
static bool has_default_network(const struct networks *networks, uint32_t component)
{
	const struct membership *membership = &networks->memberships[component];

	return membership->count == 1 &&
	       strcmp(networks->items[networks->joined[membership->begin]].name, "bridge") == 0;
}

static bool has_details(const struct graph_view *view, uint32_t component)
{
	return view->composition->components[component].published != NOTHING ||
	       !has_default_network(view->networks, component);
}

/* What stands left of the brackets. */
static size_t width_of(const struct graph_view *view, uint32_t component)
{
	const struct component *components = view->composition->components;
	const struct adjacency *needs = &view->graph->needs;
	size_t width = strlen(components[component].name);

	for (uint32_t i = needs->begin[component]; i < needs->begin[component + 1]; i++)
		width += strlen(components[needs->items[i]].name) + (i == needs->begin[component] ? 4 : 2);
	return width;
}

static size_t find_column(const struct graph_view *view)
{
	size_t column = 0;

	for (uint32_t i = 0; i < view->composition->count; i++) {
		size_t width;

		if (view->composition->components[i].template_only || !has_details(view, i))
			continue;
		width = width_of(view, i);
		if (width <= WIDEST_COLUMN && width > column)
			column = width;
	}
	return column;
}

static void write_needs(const struct graph_view *view, uint32_t component, struct ct_buf *out)
{
	const struct adjacency *needs = &view->graph->needs;
	const char *before = " -> ";

	for (uint32_t i = needs->begin[component]; i < needs->begin[component + 1]; i++) {
		ct_buf_printf(out, "%s%s", before, view->composition->components[needs->items[i]].name);
		before = ", ";
	}
}

static void write_networks(const struct graph_view *view, uint32_t component, struct ct_buf *out)
{
	const struct membership *membership = &view->networks->memberships[component];

	if (membership->count == 0)
		ct_buf_puts(out, "network none");
	for (uint32_t i = 0; i < membership->count; i++) {
		const char *before = i > 0 ? ", " : membership->count == 1 ? "network " : "networks ";

		ct_buf_printf(out, "%s%s", before,
			      view->networks->items[view->networks->joined[membership->begin + i]].name);
	}
}

static void write_details(const struct graph_view *view, uint32_t component, struct ct_buf *out)
{
	const char *before = "";

	ct_buf_putc(out, '(');
	if (!has_default_network(view->networks, component)) {
		write_networks(view, component, out);
		before = "; ";
	}
	for (uint32_t i = view->composition->components[component].published; i != NOTHING;
	     i = view->composition->exposed[i].next) {
		ct_buf_puts(out, before);
		graph_write_port(view, &view->composition->exposed[i], out);
		before = ", ";
	}
	ct_buf_putc(out, ')');
}

void graph_write_text(const struct graph_view *view, struct ct_buf *out)
{
	size_t column = find_column(view);

	for (size_t at = 0; at < view->composition->count; at++) {
		uint32_t component = view->order[at];

		if (view->composition->components[component].template_only)
			continue;
		ct_buf_puts(out, view->composition->components[component].name);
		write_needs(view, component, out);
		if (has_details(view, component)) {
			size_t width = width_of(view, component);

			ct_buf_printf(out, "%*s", (int)(width < column ? column - width + 2 : 2), "");
			write_details(view, component, out);
		}
		ct_buf_putc(out, '\n');
	}
}
