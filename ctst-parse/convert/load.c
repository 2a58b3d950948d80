#include "ctst-parse/convert/load.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctst-parse/convert/documents.h"
#include "ctst-parse/convert/dotenv.h"
#include "ctst-parse/convert/expand.h"
#include "ctst-parse/convert/files.h"
#include "ctst-parse/convert/merge.h"

static struct compose_file *new_file(struct loader *loader, const char *shown, const char *path, const char *directory)
{
	struct ct_arena *arena = loader->nodes->arena;
	struct compose_file *file = ct_arena_alloc(arena, sizeof(*file));

	file->shown = ct_arena_copy(arena, shown, strlen(shown));
	file->path = ct_arena_copy(arena, path, strlen(path));
	file->directory = ct_arena_copy(arena, directory, strlen(directory));
	return file;
}

/* Files are shown as seen from here where they lie below. */
static const char *shown_path(struct loader *loader, const char *path)
{
	char here[PATH_MAX];
	const char *seen;

	if (!getcwd(here, sizeof(here)))
		return path;
	seen = path_seen_from(loader->nodes->arena, here, path);
	return strncmp(seen, "./", 2) == 0 ? seen + 2 : seen;
}

struct node *load_documents(struct loader *loader, const char *path, const char *directory, struct place named,
			    struct ct_err *err)
{
	struct compose_file *file = new_file(loader, shown_path(loader, path), path, directory);
	ct_autobuf text = CT_BUF_INIT;
	struct ct_err problem = CT_ERR_INIT;

	if (!loader->options->files) {
		node_fail(loader->nodes, err, "E008", named, "'%s' is not read here", file->shown);
		return NULL;
	}
	if (++loader->files > LOAD_MAX_FILES) {
		node_fail(loader->nodes, err, "E020", named, "more than %d files", LOAD_MAX_FILES);
		return NULL;
	}
	if (file_read(path, YAML_MAX_BYTES, "a compose file", "E008", &text, &problem) < 0) {
		node_fail(loader->nodes, err, problem.code, named, "%s", problem.message);
		return NULL;
	}
	return yaml_read(loader->nodes, file, text.data ? text.data : "", text.length, err);
}

int load_env_file(struct loader *loader, const char *path, bool missing_is_fine, struct variables *variables,
		  struct ct_err *err)
{
	struct variables outside = { .with_process = loader->options->process };
	ct_autobuf text = CT_BUF_INIT;

	if (missing_is_fine && access(path, F_OK) < 0)
		return 0;
	if (file_read(path, DOTENV_MAX_BYTES, "a file of variables", CT_NO_CODE, &text, err) < 0)
		return -1;
	if (dotenv_read(text.data ? text.data : "", text.length, &outside, false, false, loader->nodes->arena,
			variables, err) < 0)
		return ct_err_context(err, "%s", shown_path(loader, path));
	return 0;
}

static struct node *expand_one(struct loader *loader, const struct variables *variables, const struct node *document,
			       struct ct_err *err)
{
	const struct expansion with = { loader->nodes, loader->report, variables, &loader->warned };
	struct node *expanded;

	if (document->kind != NODE_MAP) {
		node_fail(loader->nodes, err, "E001", document->place,
			  "a compose file is a map with the key 'services'");
		return NULL;
	}
	expanded = expand_document(&with, document, err);
	return expanded;
}

struct node *load_file(struct loader *loader, const struct variables *variables, const struct node *documents,
		       struct node *before, struct ct_err *err)
{
	node_each(item, documents) {
		struct node *document = item->value;

		if (node_is_null(document))
			continue;
		document = expand_one(loader, variables, document, err);
		if (!document || extend_services(loader, variables, document, before, err) < 0)
			return NULL;
		document = include_files(loader, variables, document, err);
		before = document ? merge_nodes(loader->nodes, before, document, "", err) : NULL;
		if (!before)
			return NULL;
	}
	/* An empty file says nothing, and that is allowed. */
	return before ? before : node_new(loader->nodes, NODE_MAP, documents->place, err);
}

/* What a project is called where nobody says: small letters, digits, '-' and '_'. */
static const char *project_name(struct ct_arena *arena, const char *text)
{
	ct_autobuf name = CT_BUF_INIT;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x80 && (isalnum(byte) || (name.length > 0 && strchr("-_", byte))))
			ct_buf_putc(&name, (char)tolower(byte));
	}
	ct_buf_puts(&name, "");
	return ct_arena_take(arena, &name);
}

static void set_project_name(struct loader *loader, const struct node *documents, const char *directory)
{
	static const char variable[] = "COMPOSE_PROJECT_NAME";
	const char *name = NULL;

	if (variables_get(&loader->variables, ct_slice_of(variable)))
		return;
	node_each(item, documents) {
		const struct node *value = node_get(item->value, "name");

		if (node_text(value) && !strchr(value->text, '$'))
			name = value->text;
	}
	variables_set(&loader->variables, variable,
		      project_name(loader->nodes->arena, name ? name : path_name(directory)));
}

static int load_variables(struct loader *loader, const char *directory, struct ct_err *err)
{
	const struct convert_options *options = loader->options;

	loader->variables.with_process = options->process;
	if (!options->files)
		return 0;
	for (size_t i = 0; i < options->env_file_count; i++) {
		if (load_env_file(loader, options->env_files[i], false, &loader->variables, err) < 0)
			return -1;
	}
	if (options->env_file_count > 0)
		return 0;
	return load_env_file(loader, path_absolute(loader->nodes->arena, directory, ".env"), true, &loader->variables,
			     err);
}

struct node *load_project(struct loader *loader, const struct convert_source *sources, size_t count, struct ct_err *err)
{
	struct node *root = NULL;

	if (load_variables(loader, sources[0].directory, err) < 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct convert_source *source = &sources[i];
		struct compose_file *file = new_file(loader, source->shown, source->path, source->directory);
		struct node *documents = yaml_read(loader->nodes, file, source->text, source->length, err);

		if (!documents)
			return NULL;
		if (i == 0)
			set_project_name(loader, documents, source->directory);
		loader->open[0] = file->path;
		loader->depth = 1;
		root = load_file(loader, &loader->variables, documents, root, err);
		if (!root)
			return NULL;
	}
	merge_finish(root);
	return root;
}

struct scope {
	struct scope *next;
	struct variables variables;
};

static struct variables *new_scope(struct loader *loader, const struct variables *before)
{
	struct scope *scope = ct_arena_zalloc(loader->nodes->arena, sizeof(*scope));

	scope->next = loader->scopes;
	scope->variables.before = before;
	loader->scopes = scope;
	return &scope->variables;
}

void loader_release(struct loader *loader)
{
	for (struct scope *scope = loader->scopes; scope; scope = scope->next)
		variables_release(&scope->variables);
	extended_release(loader->extended);
	variables_release(&loader->variables);
	ct_names_release(&loader->warned);
	ct_names_release(&loader->included);
}

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
