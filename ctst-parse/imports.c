#include "ctst-parse/imports.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctst-parse/compile.h"
#include "ctst-parse/import_remote.h"
#include "ctst-parse/lexer.h"
#include "ctst-parse/parser.h"
#include "ctst-parse/suggestion.h"

#define NEIGHBOURS_MAX 1000 /* names of one directory that are looked at for a suggestion */

/* What is being imported, by whom, and how deep that is. */
struct importing {
	struct compilation *compilation;
	struct composition *importer;
	struct import *import;
	int depth;
};

static const struct source *entry_of(const struct importing *in)
{
	return in->compilation->composition.source;
}

static struct diagnostic *import_error(const struct importing *in, const char *code, const char *reason)
{
	return diagnostics_error(&in->compilation->diagnostics, code, in->import->path_span, "cannot import '%.*s': %s",
				 SHOWN(in->import->path), reason);
}

static struct composition *find_read(struct compilation *compilation, dev_t device, ino_t inode)
{
	const struct source *source = compilation->composition.source;

	if (source->device == device && source->inode == inode && inode != 0)
		return &compilation->composition;
	for (size_t i = 0; i < compilation->imported_count; i++) {
		source = compilation->imported[i]->source;
		if (source->device == device && source->inode == inode)
			return compilation->imported[i];
	}
	return NULL;
}

static void append_path(struct ct_buf *out, const struct composition *file, const struct composition *first)
{
	const struct composition *chain[IMPORT_DEPTH_MAX + 1];
	size_t count = 0;

	for (; file != first && count <= IMPORT_DEPTH_MAX; file = file->importer)
		chain[count++] = file;
	ct_buf_puts(out, first->source->shown);
	while (count > 0)
		ct_buf_printf(out, " -> %s", chain[--count]->source->shown);
}

/* A file that is met again while its own imports are still being read. */
static void report_circle(const struct importing *in, const struct composition *first)
{
	ct_autobuf path = CT_BUF_INIT;
	struct diagnostic *problem;

	append_path(&path, in->importer, first);
	ct_buf_printf(&path, " -> %s", first->source->shown);
	problem = diagnostics_error(&in->compilation->diagnostics, "E013", in->import->path_span,
				    "imports go in a circle: %s", path.data);
	diagnostic_hint(problem, "this closes it");
}

/* The path as the person would write it: the directory of the importing file as it was shown, and what stands in IMPORT. */
static char *shown_path(const struct importing *in, const struct source *from)
{
	struct ct_slice path = in->import->path;
	const char *slash = strrchr(from->shown, '/');

	while (path.length > 2 && memcmp(path.text, "./", 2) == 0)
		path = (struct ct_slice){ path.text + 2, path.length - 2 };
	if (path.text[0] == '/' || !slash)
		return ct_strndup(path.text, path.length);
	return ct_asprintf("%.*s/%.*s", (int)(slash - from->shown), from->shown, (int)path.length, path.text);
}

/* Only the first of them: a person who is told once knows. */
static void warn_of_statements(struct compilation *compilation, const struct composition *file)
{
	static const char hint[] = "only the file that is run connects and exposes components";

	if (file->connection_count > 0)
		diagnostic_hint(diagnostics_warning(&compilation->diagnostics, "", file->connections[0].span,
						    "CONNECT has no effect in a file that is imported"),
				"%s", hint);
	if (file->exposure_count > 0)
		diagnostic_hint(diagnostics_warning(&compilation->diagnostics, "", file->exposures[0].span,
						    "EXPOSE has no effect in a file that is imported"),
				"%s", hint);
}

static void read_imports_of(struct compilation *compilation, struct composition *file, int depth);

static struct composition *add_file(const struct importing *in, struct source *source)
{
	struct compilation *compilation = in->compilation;
	struct source *kept = sources_add(&compilation->sources, source);
	struct composition *file;

	if (!kept) {
		compilation->is_full = true;
		import_error(in, "E020", "there are too many files, or they are too large together");
		return NULL;
	}
	file = ct_arena_zalloc(&compilation->arena, sizeof(*file));
	compilation->imported = ct_realloc_array(compilation->imported, compilation->imported_count + 1,
						 sizeof(struct composition *));
	compilation->imported[compilation->imported_count++] = file;
	parse_source(kept, &compilation->arena, &compilation->diagnostics, compilation->options->strict, file);
	file->importer = in->importer;
	warn_of_statements(compilation, file);
	read_imports_of(compilation, file, in->depth + 1);
	return file;
}

/* What has been read already under this or another path. True: *file is it, or NULL when that is a circle, which is reported. */
static bool is_known(const struct importing *in, const char *path, struct composition **file)
{
	dev_t device;
	ino_t inode;

	*file = source_identify(path, &device, &inode) ? find_read(in->compilation, device, inode) : NULL;
	if (!*file)
		return false;
	if ((*file)->is_being_read) {
		report_circle(in, *file);
		*file = NULL;
	}
	return true;
}

/*
 * Whether the text begins as one of the language does. What does not is somebody's other file, named by mistake or by a
 * stranger: no line of it is shown.
 */
static bool looks_right(const struct source *source)
{
	struct ct_arena arena = CT_ARENA_INIT;
	struct lexer lexer;
	struct token token;
	bool right;

	lexer_start(&lexer, source, &arena, NULL);
	lexer_next(&lexer, &token);
	right = token.kind == TOKEN_END || token.keyword == KEYWORD_IMPORT || token.keyword == KEYWORD_COMPONENT ||
		token.keyword == KEYWORD_CONNECT || token.keyword == KEYWORD_EXPOSE;
	ct_arena_release(&arena);
	return right;
}

/* A path with ./ in the file means the directory that the file is in, not the one of a symbolic link to it. */
static void find_directory(struct source *source, const char *path, bool is_remote)
{
	ct_autofree char *real = is_remote ? NULL : realpath(path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;

	/* What lies in the cache has nothing beside it. */
	if (!slash && !is_remote)
		return;
	free(source->directory);
	source->directory = slash ? ct_strndup(real, slash == real ? 1 : (size_t)(slash - real)) : NULL;
}

/* Reads it under the name `shown`, which is taken over. False: reported. */
static bool read_source(const struct importing *in, const char *path, char *shown, bool is_remote,
			struct source *source)
{
	ct_autofree char *name = shown;
	struct ct_err err = CT_ERR_INIT;
	const char *problem = NULL;

	if (source_read(source, path, &err) < 0) {
		import_error(in, strcmp(err.code, "E020") == 0 ? "E020" : "E008", err.message);
		source_release(source);
		return false;
	}
	free(source->shown);
	source->shown = ct_take_text(&name);
	find_directory(source, path, is_remote);
	if (is_remote && !import_is_pinned(in->import, source->bytes, source->length))
		problem = "the file in the cache has been changed";
	else if (!looks_right(source))
		problem = "it is no .ctst file: it does not begin with a statement";
	if (!problem)
		return true;
	import_error(in, "E008", problem);
	source_release(source);
	return false;
}

/* The file behind a path that exists. Takes over `shown`. */
static struct composition *read_path(const struct importing *in, const char *path, char *shown, bool is_remote)
{
	struct composition *known;
	struct source source;

	if (is_known(in, path, &known)) {
		free(shown);
		return known;
	}
	return read_source(in, path, shown, is_remote, &source) ? add_file(in, &source) : NULL;
}

static bool exists(const char *path)
{
	dev_t device;
	ino_t inode;

	return source_identify(path, &device, &inode) || (errno != ENOENT && errno != ENOTDIR);
}

/* What the path probably should have been: another name in its directory, most of all the same one with ".ctst". */
static char *similar_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	ct_autofree char *directory = ct_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	ct_autofree char *extended = ct_asprintf("%s.ctst", path);
	DIR *listing = exists(extended) ? NULL : opendir(directory);
	char *names[NEIGHBOURS_MAX];
	const struct dirent *entry;
	const char *closest;
	char *found = NULL;
	size_t count = 0;

	if (!listing)
		return exists(extended) ? ct_strdup(strrchr(extended, '/') + 1) : NULL;
	while (count < NEIGHBOURS_MAX && (entry = readdir(listing))) {
		if (entry->d_name[0] != '.')
			names[count++] = ct_strdup(entry->d_name);
	}
	closedir(listing);
	closest = suggest_word(ct_slice_of(slash + 1), (const char *const *)names, count);
	if (closest)
		found = ct_strdup(closest);
	while (count > 0)
		free(names[--count]);
	return found;
}

static struct composition *not_found(const struct importing *in, const char *first, const char *second)
{
	struct diagnostic *problem = import_error(in, "E008", "there is no such file");
	struct ct_slice path = in->import->path;
	ct_autofree char *similar = NULL;

	if (!problem)
		return NULL;
	if (path.text[0] == '~')
		diagnostic_hint(problem, "~ is the shell's; write the whole path");
	else if (memmem(path.text, path.length, "${", 2))
		diagnostic_hint(problem, "${...} has no meaning in the path of an import");
	similar = similar_file(first);
	if (!similar && second)
		similar = similar_file(second);
	diagnostic_did_you_mean(problem, similar);
	if (second)
		diagnostic_hint(problem, "looked for %s and %s", first, second);
	else
		diagnostic_hint(problem, "looked for %s", first);
	return NULL;
}

static struct composition *read_local(const struct importing *in)
{
	const struct source *importer = in->importer->source, *entry = entry_of(in);
	struct ct_slice path = in->import->path;
	ct_autofree char *beside = NULL;
	ct_autofree char *beside_entry = NULL;

	if (!importer->directory) {
		diagnostic_hint(import_error(in, "E008", "a file from the network has nothing beside it"),
				"it can only import https://...@sha256:...");
		return NULL;
	}
	if (path.text[0] == '/')
		beside = ct_strndup(path.text, path.length);
	else
		beside = ct_asprintf("%s/%.*s", strcmp(importer->directory, "/") == 0 ? "" : importer->directory,
				     (int)path.length, path.text);
	if (exists(beside))
		return read_path(in, beside, shown_path(in, importer), false);
	if (path.text[0] == '/' || strcmp(importer->directory, entry->directory) == 0)
		return not_found(in, beside, NULL);
	beside_entry = ct_asprintf("%s/%.*s", strcmp(entry->directory, "/") == 0 ? "" : entry->directory,
				   (int)path.length, path.text);
	if (exists(beside_entry))
		return read_path(in, beside_entry, shown_path(in, entry), false);
	return not_found(in, beside, beside_entry);
}

static struct composition *read_remote(const struct importing *in)
{
	struct compilation *compilation = in->compilation;
	char *path = import_fetch(compilation, in->import);
	struct composition *file = NULL;
	struct ct_slice url;

	if (!path)
		return NULL;
	url = import_url(in->import->path);
	file = read_path(in, path, ct_strndup(url.text, url.length), true);
	free(path);
	return file;
}

static struct composition *read_one(const struct importing *in)
{
	struct compilation *compilation = in->compilation;

	if (in->import->path.length == 0) {
		import_error(in, "E008", "the path is empty");
		return NULL;
	}
	if (compilation->import_count++ >= IMPORTS_MAX) { /* the first beyond is told */
		if (compilation->import_count == IMPORTS_MAX + 1)
			import_error(in, "E020", "there are too many imports");
		return NULL;
	}
	if (compilation->is_full)
		return NULL;
	if (in->depth >= IMPORT_DEPTH_MAX) {
		import_error(in, "E020", "imports are nested too deep");
		return NULL;
	}
	return import_is_remote(in->import->path) ? read_remote(in) : read_local(in);
}

/* Recursion is bounded by IMPORT_DEPTH_MAX. */
static void read_imports_of(struct compilation *compilation, struct composition *file, int depth)
{
	file->is_being_read = true;
	for (size_t i = 0; i < file->import_count; i++) {
		struct importing in = { compilation, file, &file->imports[i], depth };

		if (!file->imports[i].damaged)
			file->imports[i].file = read_one(&in);
	}
	file->is_being_read = false;
}

void imports_read(struct compilation *compilation)
{
	read_imports_of(compilation, &compilation->composition, 0);
}
