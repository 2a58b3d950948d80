/* Which services of the file become components, in how many copies, and under which names. */
#include <ctype.h>
#include <string.h>

#include "common/identifier.h"
#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/service.h"

static bool is_reserved(const char *name)
{
	static const char *const words[] = { "IMPORT", "AS",          "COMPONENT", "FROM",    "CONNECT",
					     "EXPOSE", "HEALTHCHECK", "RESTART",   "NETWORK", "SECRET",
					     "true",   "false",       "secret",    "env" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], name) == 0)
			return true;
	}
	return false;
}

/* Letters, digits, '_' and '-' as they are, anything else a '-'. */
static void append_identifier(struct ct_buf *out, const char *name)
{
	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		ct_buf_puts(out, "s-");
	for (; *name && out->length < NAME_MAX_BYTES; name++) {
		unsigned char byte = (unsigned char)*name;

		ct_buf_putc(out, byte < 0x80 && (isalnum(byte) || byte == '_') ? *name : '-');
	}
	while (out->length > 1 && out->data[out->length - 1] == '-')
		out->data[--out->length] = '\0';
}

const char *new_component_name(struct conversion *all, const char *name)
{
	ct_autobuf text = CT_BUF_INIT;

	append_identifier(&text, name);
	if (is_reserved(text.data))
		ct_buf_puts(&text, "-service");
	return name_take(&all->component_names, all->arena, text.data);
}

static bool is_active_profile(const struct conversion *all, const char *profile)
{
	for (size_t i = 0; i < all->options->profile_count; i++) {
		const char *active = all->options->profiles[i];

		if (strcmp(active, profile) == 0 || strcmp(active, "*") == 0)
			return true;
	}
	return false;
}

/* A service without profiles always takes part. */
static bool has_active_profile(const struct conversion *all, const struct node *profiles)
{
	const char *single = node_text(profiles);

	if (single)
		return is_active_profile(all, single);
	if (!profiles || profiles->kind != NODE_LIST || profiles->count == 0)
		return true;
	node_each(item, profiles) {
		const char *profile = node_text(item->value);

		if (profile && is_active_profile(all, profile))
			return true;
	}
	return false;
}

static void note_profile(struct conversion *all, const struct service *service, const struct node *profiles)
{
	const struct node *first = profiles->kind == NODE_LIST ? profiles->first->value : profiles;
	const char *name = node_text(first);

	report_note(all->report, (struct subject){ "service", service->name },
		    (struct cause){ profiles->place, "profiles", NULL },
		    "the service is left out, because none of its profiles is active; --profile %.60s takes it in",
		    name ? name : "NAME");
}

int64_t replicas_of(const struct node *service)
{
	const struct node *deploy = node_get(node_get(service, "deploy"), "replicas");
	const char *text = node_text(deploy ? deploy : node_get(service, "scale"));
	int64_t count = 1;

	if (text && !whole_number(text, &count))
		return -1;
	return count;
}

static int plan_copies(struct conversion *all, struct service *service, struct ct_err *err)
{
	struct subject subject = { "service", service->name };
	struct cause cause = { service->place, "deploy.replicas", NULL };
	int64_t copies = replicas_of(service->node);

	if (copies < 0) {
		report_loss(all->report, subject, cause, "not a number; one copy is made");
		copies = 1;
	}
	if (copies > REPLICAS_MAX)
		return node_fail(all->loader->nodes, err, "E020", service->place,
				 "service '%.100s' wants more than %d copies", service->name, REPLICAS_MAX);
	if (copies == 0)
		report_note(all->report, subject, cause, "the service is left out, because it wants no copy at all");
	service->copies = (size_t)copies;
	service->active &= copies > 0;
	service->names = ct_arena_array(all->arena, (size_t)copies + 1, sizeof(char *));
	return 0;
}

static int plan_service(struct conversion *all, struct service *service, struct ct_err *err)
{
	const struct node *profiles = node_get(service->node, "profiles");

	if (node_is_null(service->node)) {
		report_loss(all->report, (struct subject){ "service", service->name },
			    (struct cause){ service->place, "image", NULL }, "the service says nothing at all");
		return 0;
	}
	if (service->node->kind != NODE_MAP)
		return node_fail(all->loader->nodes, err, "E006", service->place, "service '%.100s' must be a map",
				 service->name);
	service->active = has_active_profile(all, profiles);
	if (!service->active)
		note_profile(all, service, profiles);
	return plan_copies(all, service, err);
}

/* Names that need no change are taken first, so that nobody else gets them. */
static void name_services(struct conversion *all)
{
	for (size_t i = 0; i < all->service_count; i++) {
		struct service *service = &all->services[i];
		struct ct_slice name = ct_slice_of(service->name);

		if (service->active && ct_is_identifier(name) && name.length <= NAME_MAX_BYTES &&
		    !is_reserved(service->name))
			service->names[0] = new_component_name(all, service->name);
	}
	for (size_t i = 0; i < all->service_count; i++) {
		struct service *service = &all->services[i];

		if (!service->active || service->names[0])
			continue;
		service->names[0] = new_component_name(all, service->name);
		report_note(all->report, (struct subject){ "service", service->name },
			    (struct cause){ .place = service->place },
			    "its component and its host name are '%s', because a name has letters, digits, '_' and '-'",
			    service->names[0]);
	}
}

static void name_copies(struct conversion *all)
{
	for (size_t i = 0; i < all->service_count; i++) {
		struct service *service = &all->services[i];

		for (size_t copy = 1; service->active && copy < service->copies; copy++)
			service->names[copy] = new_component_name(all, ct_arena_printf(all->arena, "%.55s-%zu",
										       service->names[0], copy + 1));
	}
}

int plan_services(struct conversion *all, struct ct_err *err)
{
	const struct member *services = node_member(all->root, "services");
	size_t number = 0;

	if (!services || node_is_null(services->value))
		return 0;
	if (services->value->kind != NODE_MAP)
		return node_fail(all->loader->nodes, err, "E006", services->place, "'services' must be a map");
	all->services = ct_arena_array(all->arena, (size_t)services->value->count + 1, sizeof(*all->services));
	node_each(member, services->value) {
		struct service *service = &all->services[number];

		*service = (struct service){ .name = member->key, .node = member->value, .place = member->place };
		ct_names_add(&all->service_names, ct_slice_of(member->key), (uint32_t)number++, NULL);
		if (plan_service(all, service, err) < 0)
			return -1;
	}
	all->service_count = number;
	name_services(all);
	name_copies(all);
	return 0;
}
