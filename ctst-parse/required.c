#include "ctst-parse/required.h"

#include <string.h>

#include "ctst-parse/compile.h"
#include "ctst-parse/inherit.h"
#include "ctst-parse/properties.h"

#define LISTED 8                     /* names in one message */
#define COMPARISONS_MAX 100000000ULL /* half a second; no honest file comes near it */

struct requirements {
	struct compilation *compilation;
	uint64_t comparisons;
};

/* Whether the component sets the property in its own body. `port` and `ports` do each other's duty. */
static bool sets_property(const struct component *component, enum property_id id)
{
	uint32_t wanted = 1U << id;

	if (id == PROPERTY_PORT || id == PROPERTY_PORTS)
		wanted = 1U << PROPERTY_PORT | 1U << PROPERTY_PORTS;
	if (id == PROPERTY_VOLUME || id == PROPERTY_VOLUMES)
		wanted = 1U << PROPERTY_VOLUME | 1U << PROPERTY_VOLUMES;
	for (const struct entry *entry = component->properties; entry; entry = entry->next) {
		if ((1U << entry->property & wanted) && !entry->inherited)
			return true;
	}
	return false;
}

static bool sets_variable(struct requirements *requirements, const struct component *component, struct ct_slice name)
{
	const struct entry *env = component_property(component, PROPERTY_ENV);

	if (!env || env->inherited || env->value.kind != VALUE_MAP)
		return false;
	for (const struct entry *member = env->value.first; member; member = member->next) {
		requirements->comparisons++;
		if (!member->inherited && member->key_length == name.length &&
		    memcmp(member->key, name.text, name.length) == 0)
			return true;
	}
	return false;
}

/* Whether the component or a parent of it below `asking` sets what is asked for. */
static bool is_set(struct requirements *requirements, const struct component *component, const struct component *asking,
		   struct ct_slice name)
{
	enum property_id id = property_find(name);

	for (; component != asking; component = component->parent->component) {
		requirements->comparisons++;
		if (id != PROPERTY_UNKNOWN ? sets_property(component, id)
					   : sets_variable(requirements, component, name))
			return true;
	}
	return false;
}

static void check_against(struct requirements *requirements, const struct component *component,
			  const struct component *asking)
{
	const struct entry *list = component_property(asking, PROPERTY_REQUIRED_PARAMS);
	struct diagnostics *diagnostics = &requirements->compilation->diagnostics;
	ct_autobuf missing = CT_BUF_INIT;
	int count = 0;

	if (!list || list->value.kind != VALUE_LIST)
		return;
	for (const struct entry *item = list->value.first; item && count <= LISTED; item = item->next) {
		if (item->value.kind != VALUE_STRING || item->value.length == 0 ||
		    is_set(requirements, component, asking, value_text(&item->value)))
			continue;
		if (count++ == LISTED)
			ct_buf_puts(&missing, " and more");
		else
			ct_buf_printf(&missing, "%s'%.*s'", count > 1 ? ", " : "", SHOWN(value_text(&item->value)));
	}
	if (count == 0)
		return;
	diagnostic_hint_place(diagnostics_error(diagnostics, "E011", component->span,
						"component '%.*s' does not set %s, which '%.*s' requires",
						SHOWN(component->name), missing.data, SHOWN(asking->name)),
			      diagnostics, list->key_span, "its required_params are in");
}

void required_check(struct compilation *compilation)
{
	struct requirements requirements = { .compilation = compilation };
	const struct composition *all = &compilation->composition;

	for (size_t i = 0; i < all->component_count; i++) {
		const struct component *component = &all->components[i];

		if (component->is_template || component->is_incomplete || component->damaged || !component->parent)
			continue;
		for (const struct component *at = component->parent->component; at;
		     at = at->parent ? at->parent->component : NULL)
			check_against(&requirements, component, at);
		if (requirements.comparisons > COMPARISONS_MAX) {
			diagnostics_error(&compilation->diagnostics, "E020", component->span,
					  "there are too many required_params to check");
			return;
		}
	}
}
