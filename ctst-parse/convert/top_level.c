/* What stands beside the services: networks, volumes, secrets, configs and the rest. */
#include <string.h>

#include "ctst-parse/convert/service.h"

static void lose_in(struct conversion *all, const char *kind, const char *name, const struct member *member,
		    const char *reason)
{
	report_loss(all->report, (struct subject){ kind, name }, (struct cause){ member->place, member->key, NULL },
		    "%s", reason);
}

static bool is_text(const struct node *node, const char *text)
{
	return node_text(node) && strcmp(node_text(node), text) == 0;
}

/* What is said of a network or a volume that has no counterpart. */
struct setting {
	const char *key;
	const char *reason;
	const char *met_by; /* a value that asks for nothing; NULL: none */
};

static const struct setting network_settings[] = {
	{ "driver", "networks of a project are bridges", "bridge" },
	{ "external", "every project has networks of its own; put what belongs together into one file", NULL },
	{ "internal", "'ctst run --offline' keeps all containers away from other networks", NULL },
	{ "ipam", "addresses are chosen by containust", NULL },
	{ "labels", "networks have no labels", NULL },
	{ "name", "a network is called as the components say", NULL },
	{ NULL, "a network has no settings", NULL },
};

static const struct setting volume_settings[] = {
	{ "driver", "a volume is a directory of the project", "local" },
	{ "driver_opts", "a volume is a directory of the project; mount a path of the host for another place", NULL },
	{ "external", "a volume of this project does not begin with its data; copy them, or mount its path on the host",
	  NULL },
	{ "labels", "volumes have no labels", NULL },
	{ "name", "a volume is called as the components say", NULL },
	{ NULL, "a volume has no settings", NULL },
};

static void lose_settings(struct conversion *all, const char *kind, const struct member *item,
			  const struct setting *settings)
{
	node_each(member, item->value) {
		const struct setting *setting = settings;

		if (strncmp(member->key, "x-", 2) == 0 || node_is_null(member->value) || node_is_false(member->value))
			continue;
		while (setting->key && strcmp(setting->key, member->key) != 0)
			setting++;
		if (setting->met_by && is_text(member->value, setting->met_by))
			continue;
		if (strcmp(member->key, "name") == 0 && is_text(member->value, item->key))
			continue;
		lose_in(all, kind, item->key, member, setting->reason);
	}
}

static void convert_network(struct conversion *all, const struct member *network)
{
	lose_settings(all, "network", network, network_settings);
}

static void convert_volume(struct conversion *all, const struct member *volume)
{
	lose_settings(all, "volume", volume, volume_settings);
}

/* Definitions of secrets and configs; mounts.c uses them. */
static void convert_definition(struct conversion *all, const char *kind, const struct member *definition)
{
	node_each(member, definition->value) {
		if (strncmp(member->key, "x-", 2) == 0 || strcmp(member->key, "file") == 0 ||
		    node_is_null(member->value) || node_is_false(member->value))
			continue;
		if (strcmp(member->key, "name") == 0)
			lose_in(all, kind, definition->key, member, "it has no name outside of this file");
		else
			lose_in(all, kind, definition->key, member, "only 'file' is known: write it into a file");
	}
}

static void convert_secret(struct conversion *all, const struct member *definition)
{
	convert_definition(all, "secret", definition);
}

static void convert_config(struct conversion *all, const struct member *definition)
{
	convert_definition(all, "config", definition);
}

static void convert_model(struct conversion *all, const struct member *model)
{
	report_loss(all->report, (struct subject){ 0 }, (struct cause){ model->place, "models", model->key },
		    "containust runs no models; run a server for it as a component");
}

static void convert_name(struct conversion *all, const struct member *member)
{
	report_note(all->report, (struct subject){ 0 }, (struct cause){ member->place, "name", NULL },
		    "a project is the directory that its file lies in, and has no other name");
}

static const struct top_level_key {
	const char *name;
	void (*convert_each)(struct conversion *all, const struct member *item);
	void (*convert)(struct conversion *all, const struct member *member);
} keys[] = {
	{ "services", NULL, NULL },          { "version", NULL, NULL }, /* obsolete, says compose itself */
	{ "include", NULL, NULL },                                      /* carried out already */
	{ "name", NULL, convert_name },      { "networks", convert_network, NULL },
	{ "volumes", convert_volume, NULL }, { "secrets", convert_secret, NULL },
	{ "configs", convert_config, NULL }, { "models", convert_model, NULL },
};

static const struct top_level_key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

/* A key of a service, or a whole service as the first version of compose files had it. */
static bool looks_like_service(const struct member *member)
{
	return service_key_find(member->key) || node_get(member->value, "image") || node_get(member->value, "build");
}

static void convert_definitions(struct conversion *all, const struct top_level_key *key, const struct member *member)
{
	node_each(item, member->value) {
		if (item->value->kind != NODE_MAP && !node_is_null(item->value))
			report_loss(all->report, (struct subject){ 0 },
				    (struct cause){ item->place, member->key, item->key }, "expected a map");
		else
			key->convert_each(all, item);
	}
}

void convert_top_level(struct conversion *all)
{
	node_each(member, all->root) {
		const struct top_level_key *key = find_key(member->key);
		struct cause cause = { member->place, member->key, NULL };

		if (strncmp(member->key, "x-", 2) == 0)
			continue;
		if (!key) {
			report_loss(all->report, (struct subject){ 0 }, cause,
				    "compose has no such key at the top level%s",
				    looks_like_service(member) ? "; services stand below 'services:'" : "");
			continue;
		}
		if (key->convert)
			key->convert(all, member);
		if (key->convert_each && !node_is_null(member->value) && member->value->kind != NODE_MAP)
			report_loss(all->report, (struct subject){ 0 }, cause, "expected a map");
		if (key->convert_each && member->value->kind == NODE_MAP)
			convert_definitions(all, key, member);
	}
}
