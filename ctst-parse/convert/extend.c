#include <stdlib.h>
#include <string.h>

#include "ctst-parse/convert/expand.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/load.h"
#include "ctst-parse/convert/merge.h"

enum progress {
	UNTOUCHED,
	BUSY,
	DONE,
};

/* The services of one file, while those that extend others are replaced. */
struct services {
	struct node *map;
	struct ct_names names;
	struct member **members;
	uint8_t *progress;         /* enum progress */
	const struct node *before; /* services of the files merged so far, or NULL */
	const struct variables *variables;
};

/* A file that services extend from; read once. */
struct extended {
	struct extended *next;
	const char *path;
	struct services services;
};

void extended_release(struct extended *list)
{
	for (; list; list = list->next)
		ct_names_release(&list->services.names);
}

static void index_services(struct loader *loader, struct services *services, struct node *map)
{
	struct ct_arena *arena = loader->nodes->arena;
	uint32_t number = 0;

	services->map = map && map->kind == NODE_MAP ? map : NULL;
	services->members = ct_arena_array(arena, services->map ? map->count + 1 : 1, sizeof(struct member *));
	services->progress = ct_arena_zalloc(arena, services->map ? map->count + 1 : 1);
	node_each(member, services->map) {
		services->members[number] = member;
		ct_names_add(&services->names, ct_slice_of(member->key), number++, NULL);
	}
}

static struct node *without_extends(struct loader *loader, const struct node *service, struct ct_err *err)
{
	struct node *copy = node_new(loader->nodes, NODE_MAP, service->place, err);

	node_each(member, copy ? service : NULL) {
		if (strcmp(member->key, "extends") != 0 &&
		    node_share(loader->nodes, copy, member, member->value, err) < 0)
			return NULL;
	}
	if (copy)
		copy->tag = service->tag;
	return copy;
}

static struct services *open_extended(struct loader *loader, const struct variables *variables, const char *path,
				      struct place place, struct ct_err *err)
{
	const struct expansion with = { loader->nodes, loader->report, variables, &loader->warned };
	struct extended *extended;
	struct node *documents, *root = NULL;

	for (extended = loader->extended; extended; extended = extended->next) {
		if (strcmp(extended->path, path) == 0)
			return &extended->services;
	}
	documents = load_documents(loader, path, path_directory(loader->nodes->arena, path), place, err);
	if (!documents)
		return NULL;
	node_each(item, documents) {
		struct node *document = expand_document(&with, item->value, err);

		root = document ? merge_nodes(loader->nodes, root, document, "", err) : NULL;
		if (!root)
			return NULL;
	}
	extended = ct_arena_zalloc(loader->nodes->arena, sizeof(*extended));
	extended->path = path;
	extended->next = loader->extended;
	loader->extended = extended;
	extended->services.variables = variables;
	index_services(loader, &extended->services, node_get(root, "services"));
	return &extended->services;
}

static struct node *resolve(struct loader *loader, struct services *services, uint32_t number, int depth,
			    struct ct_err *err);

/* The service called `name`, with what it extends itself. */
static struct node *find_base(struct loader *loader, struct services *services, const char *name, struct place place,
			      int depth, struct ct_err *err)
{
	uint32_t number;
	struct node *base;

	if (ct_names_get(&services->names, ct_slice_of(name), &number))
		return resolve(loader, services, number, depth + 1, err);
	base = node_get(services->before, name);
	if (!base)
		node_fail(loader->nodes, err, "E016", place, "no service '%.100s' to extend", name);
	return base;
}

static struct node *read_extends(struct loader *loader, struct services *services, const struct member *extends,
				 int depth, struct ct_err *err)
{
	const struct node *value = extends->value;
	const char *name = node_text(value->kind == NODE_MAP ? node_get(value, "service") : value);
	const char *file = node_text(node_get(value, "file"));

	if (!name) {
		node_fail(loader->nodes, err, "E006", extends->place, "'extends' names a service");
		return NULL;
	}
	node_each(other, value) {
		if (strcmp(other->key ? other->key : "", "service") != 0 &&
		    strcmp(other->key ? other->key : "", "file") != 0)
			report_loss(loader->report, (struct subject){ 0 },
				    (struct cause){ other->place, "extends", other->key }, "compose has no such key");
	}
	if (file) {
		const char *path = path_absolute(loader->nodes->arena, extends->place.file->directory, file);

		if (strcmp(path, extends->place.file->path) != 0)
			services = open_extended(loader, services->variables, path, extends->place, err);
	}
	return services ? find_base(loader, services, name, extends->place, depth, err) : NULL;
}

/* Recurses as deep as services extend each other, which is bounded. */
static struct node *resolve(struct loader *loader, struct services *services, uint32_t number, int depth,
			    struct ct_err *err)
{
	struct member *member = services->members[number];
	struct member *extends = node_member(member->value, "extends");
	struct node *base, *own;

	if (!extends || services->progress[number] == DONE)
		return member->value;
	if (services->progress[number] == BUSY) {
		node_fail(loader->nodes, err, "E013", extends->place, "service '%.100s' extends itself", member->key);
		return NULL;
	}
	if (depth > LOAD_MAX_DEPTH) {
		node_fail(loader->nodes, err, "E020", extends->place, "services extend each other more than %d deep",
			  LOAD_MAX_DEPTH);
		return NULL;
	}
	services->progress[number] = BUSY;
	base = read_extends(loader, services, extends, depth, err);
	own = base ? without_extends(loader, member->value, err) : NULL;
	own = own ? merge_nodes(loader->nodes, base, own, "services.*", err) : NULL;
	if (!own)
		return NULL;
	services->progress[number] = DONE;
	member->value = own;
	return own;
}

int extend_services(struct loader *loader, const struct variables *variables, struct node *document,
		    const struct node *before, struct ct_err *err)
{
	struct services services = { .before = node_get(before, "services"), .variables = variables };
	int result = 0;

	index_services(loader, &services, node_get(document, "services"));
	for (uint32_t i = 0; services.map && result == 0 && i < services.map->count; i++)
		result = resolve(loader, &services, i, 0, err) ? 0 : -1;
	ct_names_release(&services.names);
	return result;
}
