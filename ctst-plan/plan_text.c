#include <string.h>

#include "ctst-plan/escape.h"
#include "ctst-plan/plan.h"
#include "ctst-plan/plan_inherited.h"

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void append_value(struct ct_buf *out, const char *value)
{
	if (!value)
		ct_buf_puts(out, "(not set)");
	else if (value[0] == '\0')
		ct_buf_puts(out, "\"\"");
	else
		plan_escape(out, value);
}

static void begin_line(struct ct_buf *out, char mark, const char *colour_sequence, bool colour, const char *name)
{
	ct_buf_printf(out, "%s%c%s ", colour ? colour_sequence : "", mark, colour ? PLAIN : "");
	plan_escape(out, name);
}

/* What has to happen with an image that is not in the store. */
static const char *image_prospect(const struct image *image)
{
	if (image->import && strcmp(image->import, "missing") == 0)
		return "not there yet";
	if (image->import && strcmp(image->import, "remote") == 0)
		return "will be pulled";
	return "will be imported";
}

static void write_create(const struct plan *plan, const struct action *action, bool colour, struct ct_buf *out)
{
	const struct component *component = &plan->composition->components[action->component];
	const struct image *image = plan->containers[action->component].image;

	begin_line(out, '+', GREEN, colour, component->name);
	ct_buf_puts(out, "  image ");
	plan_escape(out, component->image);
	if (!image->layers)
		ct_buf_printf(out, " (%s)", image_prospect(image));
	ct_buf_putc(out, '\n');
}

static void write_replace(const struct plan *plan, const struct action *action, bool colour, struct ct_buf *out)
{
	const struct image *image = plan->containers[action->component].image;
	const char *name = action->entry->name;

	for (size_t i = 0; i < action->changes.count; i++) {
		const struct change *change = &action->changes.items[i];

		begin_line(out, '~', YELLOW, colour, name);
		ct_buf_putc(out, ' ');
		plan_escape(out, change->field);
		ct_buf_puts(out, ": ");
		append_value(out, change->from);
		ct_buf_puts(out, " \xe2\x86\x92 ");
		append_value(out, change->to);
		ct_buf_putc(out, '\n');
	}
	if (!image->layers) {
		begin_line(out, '~', YELLOW, colour, name);
		ct_buf_printf(out, " image: %s\n", image_prospect(image));
	} else if (action->changes.count == 0) {
		begin_line(out, '~', YELLOW, colour, name);
		ct_buf_printf(out, " (%s, will be started anew)\n", action->reason);
	}
}

static void write_action(const struct plan *plan, const struct action *action, bool verbose, bool colour,
			 struct ct_buf *out)
{
	switch (action->kind) {
	case ACTION_CREATE:
		write_create(plan, action, colour, out);
		break;
	case ACTION_REPLACE:
		write_replace(plan, action, colour, out);
		break;
	case ACTION_KEEP:
		if (verbose) {
			begin_line(out, '=', "", false, action->entry->name);
			ct_buf_puts(out, " (stays as it is)\n");
		}
		break;
	case ACTION_DESTROY:
		begin_line(out, '-', RED, colour, action->entry->name);
		ct_buf_puts(out, " (will be stopped and removed)\n");
		break;
	}
}

/* A component that CONNECT brings onto a network it does not name itself. */
static void write_joined(const struct plan *plan, const struct action *action, struct ct_buf *out)
{
	const struct component *components = plan->composition->components;
	const struct adjacency *needs = &plan->graph.needs;
	uint32_t index = action->component;

	if (index == NOTHING || action->kind == ACTION_KEEP)
		return;
	for (uint32_t i = needs->begin[index]; i < needs->begin[index + 1]; i++) {
		const struct component *need = &components[needs->items[i]];

		if (strcmp(need->network, components[index].network) != 0)
			ct_buf_printf(out, "  %s joins network %s of %s\n", components[index].name, need->network,
				      need->name);
	}
}

void plan_write_text(const struct plan *plan, bool verbose, bool colour, struct ct_buf *out)
{
	size_t kept = plan->counts[ACTION_KEEP];

	for (size_t i = 0; i < plan->action_count; i++) {
		write_action(plan, &plan->actions[i], verbose, colour, out);
		write_joined(plan, &plan->actions[i], out);
		if (verbose && (plan->actions[i].kind == ACTION_CREATE || plan->actions[i].kind == ACTION_REPLACE))
			plan_write_inherited(&plan->composition->components[plan->actions[i].component], out);
	}
	if (plan_has_changes(plan))
		ct_buf_printf(out, "Plan: %zu to add, %zu to change, %zu to destroy.\n", plan->counts[ACTION_CREATE],
			      plan->counts[ACTION_REPLACE], plan->counts[ACTION_DESTROY]);
	else
		ct_buf_printf(out, "No changes. %zu component%s up to date.\n", kept, kept == 1 ? " is" : "s are");
}
