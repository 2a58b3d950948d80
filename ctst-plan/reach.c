#include "ctst-plan/reach.h"

#include "ctst-plan/networks.h"

static int check_offline(const struct plan *plan, const struct component *component, struct ct_err *err)
{
	if (!plan->options.offline)
		return 0;
	ct_fail(err, "R011", "component '%s': network \"host\" is refused with --offline", component->name);
	return ct_err_hint(err, "the host's network reaches further than the project; take another network, or leave "
				"out --offline");
}

static int check_published(struct plan *plan, uint32_t index, struct ct_err *err)
{
	const struct component *component = &plan->composition->components[index];

	if (component->published == NOTHING)
		return 0;
	if (network_is_host(component->network)) {
		warnings_add(&plan->warnings,
			     "EXPOSE does nothing for component '%s': on network \"host\" its ports are the host's",
			     component->name);
		return 0;
	}
	if (plan->networks.memberships[index].count > 0)
		return 0;
	ct_fail(err, "R009", "component '%s' is on no network, so its ports cannot be published", component->name);
	return ct_err_hint(err, "take out network = \"none\", or the EXPOSE");
}

int reach_check(struct plan *plan, struct ct_err *err)
{
	for (uint32_t i = 0; i < plan->composition->count; i++) {
		const struct component *component = &plan->composition->components[i];

		if (component->template_only)
			continue;
		if (network_is_host(component->network) && check_offline(plan, component, err) < 0)
			return -1;
		if (check_published(plan, i, err) < 0)
			return -1;
	}
	return 0;
}
