#include "ctst-parse/required.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/identifier.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/inherit.h"
#include "ctst-parse/properties.h"

#define LISTED 8                    /* names in one message */
#define COMPARISONS_MAX 20000000ULL /* a fraction of a second; no honest file comes near it */

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

static bool is_too_much(const struct requirements *requirements)
{
	return requirements->comparisons > COMPARISONS_MAX;
}

/* A variable of a damaged environment may be there or not. */
static bool sets_variable(struct requirements *requirements, const struct component *component, struct ct_slice name)
{
	const struct entry *env = component_property(component, PROPERTY_ENV);

	if (!env || env->inherited)
		return false;
	if (env->value.damaged || env->value.kind != VALUE_MAP)
		return true;
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

	for (; component != asking && !is_too_much(requirements); component = component->parent->component) {
		requirements->comparisons++;
		if (id != PROPERTY_UNKNOWN ? sets_property(component, id)
					   : sets_variable(requirements, component, name))
			return true;
	}
	return false;
}

/* Appends the name, unless it is there already: one that is asked for twice is another's mistake. */
static bool list_name(struct ct_buf *missing, struct ct_slice name, int count)
{
	ct_autofree char *quoted = ct_asprintf("'%.*s'", SHOWN(name));

	if (missing->length && strstr(missing->data, quoted))
		return false;
	if (count < LISTED)
		ct_buf_printf(missing, "%s%s", count > 0 ? ", " : "", quoted);
	else
		ct_buf_puts(missing, " and more");
	return true;
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
		if (item->value.kind != VALUE_STRING || !ct_is_identifier(value_text(&item->value)) ||
		    is_set(requirements, component, asking, value_text(&item->value)))
			continue;
		count += list_name(&missing, value_text(&item->value), count);
	}
	if (count == 0 || is_too_much(requirements))
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

		if (component->is_template || component->is_incomplete || component->damaged ||
		    component->has_unknown || !component->parent)
			continue;
		for (const struct component *at = component->parent->component; at;
		     at = at->parent && !is_too_much(&requirements) ? at->parent->component : NULL)
			check_against(&requirements, component, at);
		if (is_too_much(&requirements)) {
			diagnostics_error(&compilation->diagnostics, "E020", component->span,
					  "there are too many required_params to check");
			return;
		}
	}
}
