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

const char *shown_path(struct loader *loader, const char *path)
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
	if (file_read(path, YAML_MAX_BYTES, "a compose file", false, &text, &problem) < 0) {
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
	if (file_read(path, DOTENV_MAX_BYTES, "a file of variables", true, &text, err) < 0)
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

	loader->secrets.arena = loader->nodes->arena;
	loader->variables.secrets = &loader->secrets;
	loader->variables.with_process = options->process;
	if (!options->files)
		return 0;
	for (size_t i = 0; i < options->env_file_count; i++) {
		if (load_env_file(loader, options->env_files[i], false, &loader->variables, err) < 0)
			return -1;
	}
	if (options->env_file_count > 0 || options->no_dotenv)
		return 0;
	if (load_env_file(loader, path_absolute(loader->nodes->arena, directory, ".env"), true, &loader->variables,
			  err) < 0)
		return -1;
	return options->dotenv_before ? load_env_file(loader, options->dotenv_before, true, &loader->variables, err)
				      : 0;
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

struct variables *new_scope(struct loader *loader, const struct variables *before)
{
	struct scope *scope = ct_arena_zalloc(loader->nodes->arena, sizeof(*scope));

	scope->next = loader->scopes;
	scope->variables.before = before;
	scope->variables.secrets = &loader->secrets;
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
	secret_values_release(&loader->secrets);
}
