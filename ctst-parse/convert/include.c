/* include: the services, volumes and the rest of other files. */
#include <string.h>

#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/load.h"

/* An `include` in its long form. */
struct inclusion {
	struct place place;
	const struct node *paths; /* one, or a list */
	const struct node *env_files;
	const char *directory; /* absolute; NULL: where the first path lies */
};

static int include_variables(struct loader *loader, const struct inclusion *inclusion, struct variables *variables,
			     struct ct_err *err)
{
	const struct node *files = inclusion->env_files;
	struct ct_arena *arena = loader->nodes->arena;
	const char *base = inclusion->place.file->directory;

	if (node_text(files))
		return load_env_file(loader, path_absolute(arena, base, files->text), false, variables, err);
	node_each(item, files) {
		if (node_text(item->value) &&
		    load_env_file(loader, path_absolute(arena, base, item->value->text), false, variables, err) < 0)
			return -1;
	}
	if (files && files->kind == NODE_LIST)
		return 0;
	return load_env_file(loader, path_absolute(arena, inclusion->directory, ".env"), true, variables, err);
}

static int open_include(struct loader *loader, const char *path, struct place place, struct ct_err *err)
{
	for (int i = 0; i < loader->depth; i++) {
		if (strcmp(loader->open[i], path) == 0)
			return node_fail(loader->nodes, err, "E013", place, "'%s' includes itself",
					 shown_path(loader, path));
	}
	if (loader->depth == LOAD_MAX_DEPTH)
		return node_fail(loader->nodes, err, "E020", place, "includes nest deeper than %d", LOAD_MAX_DEPTH);
	loader->open[loader->depth++] = path;
	return 0;
}

static bool is_remote(const char *path)
{
	return strstr(path, "://") || strncmp(path, "git@", 4) == 0;
}

/* Merges the file into *root. */
static int include_path(struct loader *loader, struct variables *variables, struct inclusion *inclusion,
			const struct node *written, struct node **root, struct ct_err *err)
{
	const char *path = node_text(written);
	struct node *documents;

	if (!path)
		return node_fail(loader->nodes, err, "E006", inclusion->place, "'include' names files");
	if (is_remote(path))
		return node_fail(loader->nodes, err, "E008", written->place,
				 "'%.200s' is not fetched: copy it here and include the copy", path);
	path = path_absolute(loader->nodes->arena, inclusion->place.file->directory, path);
	if (!inclusion->directory) {
		inclusion->directory = path_directory(loader->nodes->arena, path);
		if (loader->options->files && include_variables(loader, inclusion, variables, err) < 0)
			return -1;
	}
	if (open_include(loader, path, written->place, err) < 0)
		return -1;
	documents = load_documents(loader, path, inclusion->directory, written->place, err);
	*root = documents ? load_file(loader, variables, documents, *root, err) : NULL;
	loader->depth--;
	return *root ? 0 : -1;
}

static struct node *include_one(struct loader *loader, const struct variables *outer, struct inclusion *inclusion,
				struct ct_err *err)
{
	struct variables *variables = new_scope(loader, outer);
	struct node *root = NULL;

	if (inclusion->directory && loader->options->files && include_variables(loader, inclusion, variables, err) < 0)
		return NULL;
	if (inclusion->paths && inclusion->paths->kind == NODE_SCALAR)
		return include_path(loader, variables, inclusion, inclusion->paths, &root, err) < 0 ? NULL : root;
	node_each(item, inclusion->paths) {
		if (include_path(loader, variables, inclusion, item->value, &root, err) < 0)
			return NULL;
	}
	if (!root)
		node_fail(loader->nodes, err, "E006", inclusion->place, "'include' names no file");
	return root;
}

/* A file that several others include says the same each time, and is read once. */
static bool is_included(struct loader *loader, const struct inclusion *inclusion)
{
	const char *path = node_text(inclusion->paths);

	if (!path || inclusion->directory || inclusion->env_files)
		return false;
	path = path_absolute(loader->nodes->arena, inclusion->place.file->directory, path);
	for (int i = 0; i < loader->depth; i++) {
		if (strcmp(loader->open[i], path) == 0)
			return false;
	}
	return !ct_names_add(&loader->included, ct_slice_of(path), 0, NULL);
}

static void read_inclusion(struct loader *loader, const struct member *item, struct inclusion *inclusion)
{
	const char *directory = node_text(node_get(item->value, "project_directory"));

	*inclusion = (struct inclusion){ .place = item->place, .paths = item->value };
	if (item->value->kind != NODE_MAP)
		return;
	inclusion->paths = node_get(item->value, "path");
	inclusion->env_files = node_get(item->value, "env_file");
	if (directory)
		inclusion->directory = path_absolute(loader->nodes->arena, item->place.file->directory, directory);
	node_each(member, item->value) {
		if (strcmp(member->key, "path") != 0 && strcmp(member->key, "env_file") != 0 &&
		    strcmp(member->key, "project_directory") != 0 && strncmp(member->key, "x-", 2) != 0)
			report_loss(loader->report, (struct subject){ 0 },
				    (struct cause){ member->place, "include", member->key },
				    "not a key of the compose specification");
	}
}

/* Adds the services, volumes … of an included file. One name for two things is an error. */
static int add_section(struct loader *loader, struct node *into, const struct node *from, struct ct_err *err)
{
	ct_autonames names = CT_NAMES_INIT;
	struct member **members = ct_arena_array(loader->nodes->arena, (size_t)into->count + 1,
						 sizeof(struct member *));
	uint32_t number = 0;

	node_each(member, into) {
		members[number] = member;
		ct_names_add(&names, ct_slice_of(member->key), number++, NULL);
	}
	node_each(member, from) {
		if (!ct_names_get(&names, ct_slice_of(member->key), &number)) {
			if (node_share(loader->nodes, into, member, member->value, err) < 0)
				return -1;
		} else if (!node_equal(members[number]->value, member->value)) {
			return node_fail(loader->nodes, err, "E003", member->place,
					 "'%.100s' is also in '%s', which is included", member->key,
					 members[number]->place.file->shown);
		}
	}
	return 0;
}

static int add_sections(struct loader *loader, struct node *into, const struct node *from, struct ct_err *err)
{
	node_each(member, from) {
		struct member *mine = node_member(into, member->key);

		if (strcmp(member->key, "include") == 0)
			continue;
		if (!mine) {
			struct node *copy = member->value;

			/* A section grows, so it must be this tree's own. */
			if (copy->kind == NODE_MAP) {
				copy = node_new(loader->nodes, NODE_MAP, copy->place, err);
				if (!copy || add_section(loader, copy, member->value, err) < 0)
					return -1;
			}
			if (node_share(loader->nodes, into, member, copy, err) < 0)
				return -1;
		} else if (mine->value->kind == NODE_MAP && member->value->kind == NODE_MAP) {
			if (add_section(loader, mine->value, member->value, err) < 0)
				return -1;
		} else if (node_is_null(mine->value) || strcmp(member->key, "name") == 0) {
			mine->value = member->value;
			mine->place = member->place;
		}
	}
	return 0;
}

static int include_listed(struct loader *loader, const struct variables *variables, const struct node *includes,
			  struct node *into, struct ct_err *err)
{
	node_each(item, includes) {
		struct inclusion inclusion;
		struct node *included;

		read_inclusion(loader, item, &inclusion);
		if (is_included(loader, &inclusion))
			continue;
		included = include_one(loader, variables, &inclusion, err);
		if (!included || add_sections(loader, into, included, err) < 0)
			return -1;
	}
	return 0;
}

struct node *include_files(struct loader *loader, const struct variables *variables, struct node *document,
			   struct ct_err *err)
{
	const struct member *includes = node_member(document, "include");
	struct node *root;

	if (!includes)
		return document;
	root = node_new(loader->nodes, NODE_MAP, document->place, err);
	if (!root)
		return NULL;
	if (includes->value->kind != NODE_LIST && !node_is_null(includes->value)) {
		node_fail(loader->nodes, err, "E006", includes->place, "'include' must be a list");
		return NULL;
	}
	if (include_listed(loader, variables, includes->value, root, err) < 0 ||
	    add_sections(loader, root, document, err) < 0)
		return NULL;
	return root;
}
