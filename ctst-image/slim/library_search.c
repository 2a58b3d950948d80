#include "ctst-image/slim/library_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/library_directories.h"
#include "ctst-image/slim/machine.h"

#define MAX_VARIANTS 16 /* directories below glibc-hwcaps */
#define MAX_DEFAULTS 8  /* kinds of processes: few machines, two C libraries */

struct variants {
	const char *names[MAX_VARIANTS];
	size_t count;
};

struct defaults {
	struct elf_kind kind;
	bool musl;
	struct directories directories;
};

struct library_cache {
	struct ct_names names; /* of directories → index into variants */
	struct variants *variants;
	size_t count;
	struct defaults *defaults[MAX_DEFAULTS];
	size_t default_count;
};

static struct library_cache *cache_of(struct slim *slim)
{
	if (!slim->libraries)
		slim->libraries = ct_alloc_array(1, sizeof(*slim->libraries));
	return slim->libraries;
}

void library_cache_free(struct library_cache *cache)
{
	if (!cache)
		return;
	ct_names_release(&cache->names);
	for (size_t i = 0; i < cache->default_count; i++)
		free(cache->defaults[i]);
	free(cache->variants);
	free(cache);
}

static const struct directories *default_directories(struct slim *slim, const struct process *process)
{
	struct library_cache *cache = cache_of(slim);
	static const struct directories none;
	struct defaults *defaults;

	for (size_t i = 0; i < cache->default_count; i++) {
		defaults = cache->defaults[i];
		if (elf_kind_equal(defaults->kind, process->kind) && defaults->musl == process->musl)
			return &defaults->directories;
	}
	if (cache->default_count == MAX_DEFAULTS)
		return &none;
	defaults = ct_alloc_array(1, sizeof(*defaults));
	cache->defaults[cache->default_count++] = defaults;
	defaults->kind = process->kind;
	defaults->musl = process->musl;
	if (process->musl)
		directories_of_musl(slim, process->kind, &defaults->directories);
	else
		directories_of_glibc(slim, process->kind, &defaults->directories);
	return &defaults->directories;
}

static void read_variants(struct slim *slim, const char *directory, struct variants *variants)
{
	ct_autofree char *path = ct_asprintf("%s/glibc-hwcaps", directory);
	int fd = ct_open_in_root(slim->root, path, O_RDONLY | O_DIRECTORY, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *item;

	if (!stream)
		return;
	while (variants->count < MAX_VARIANTS && (item = readdir(stream))) {
		if (item->d_name[0] != '.')
			variants->names[variants->count++] = slim_text(slim, "%s", item->d_name);
	}
	closedir(stream);
}

static const struct variants *variants_of(struct slim *slim, const char *directory)
{
	struct library_cache *cache = cache_of(slim);
	uint32_t index = ct_names_find(&cache->names, ct_slice_of(directory));

	if (index != CT_NAME_UNKNOWN)
		return &cache->variants[index];
	index = (uint32_t)cache->count++;
	cache->variants = ct_realloc_array(cache->variants, cache->count, sizeof(*cache->variants));
	cache->variants[index] = (struct variants){ .count = 0 };
	ct_names_add(&cache->names, ct_slice_of(slim_text(slim, "%s", directory)), index, NULL);
	read_variants(slim, directory, &cache->variants[index]);
	return &cache->variants[index];
}

/* The loader passes over files that are not for its process. */
static bool is_of_kind(const struct slim *slim, const struct found *found, struct elf_kind kind)
{
	ct_autoclose int fd = -1;
	char bytes[ELF_KIND_BYTES];
	struct elf_kind its;

	if (!S_ISREG(found->status.st_mode))
		return false;
	fd = ct_open_in_root(slim->root, found->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	return fd >= 0 && read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) &&
	       elf_read_kind(&its, bytes, sizeof(bytes)) && elf_kind_equal(its, kind);
}

struct search {
	struct slim *slim;
	const struct process *process;
	const char *name;
	struct found *found;
	const char *path; /* the result */
};

static bool try_path(struct search *search, const char *path)
{
	if (slim_find(search->slim, path, search->found) < 0 ||
	    !is_of_kind(search->slim, search->found, search->process->kind))
		return false;
	search->path = slim_text(search->slim, "%s", path);
	return true;
}

/* One that is there for newer processors only is better than none. */
static bool look_in(struct search *search, const char *directory)
{
	ct_autofree char *path = ct_asprintf("%s/%s", directory, search->name);
	const struct variants *variants;

	if (try_path(search, path))
		return true;
	if (search->process->musl)
		return false;
	variants = variants_of(search->slim, directory);
	for (size_t i = 0; i < variants->count; i++) {
		ct_autofree char *special = ct_asprintf("%s/glibc-hwcaps/%s/%s", directory, variants->names[i],
							search->name);

		if (try_path(search, special))
			return true;
	}
	return false;
}

/* Appends what a token such as $ORIGIN stands for; `lib`: the value of $LIB. Returns the token's length, 0 for none. */
static size_t expand_token(struct ct_buf *out, const char *at, const char *origin, const char *lib,
			   const char *platform)
{
	const char *const values[][2] = { { "ORIGIN", origin }, { "LIB", lib }, { "PLATFORM", platform } };
	bool braces = at[1] == '{';

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *name = at + 1 + braces;
		size_t length = strlen(values[i][0]);

		if (strncmp(name, values[i][0], length) != 0 || (braces && name[length] != '}'))
			continue;
		ct_buf_puts(out, values[i][1]);
		return 1 + braces + length + braces;
	}
	return 0;
}

static void expand(struct ct_buf *out, const char *text, const char *origin, const char *lib, const char *platform)
{
	ct_buf_clear(out);
	ct_buf_puts(out, "");
	while (*text && out->length < PATH_MAX) {
		size_t token = *text == '$' ? expand_token(out, text, origin, lib, platform) : 0;

		if (token == 0)
			ct_buf_putc(out, *text);
		text += token ? token : 1;
	}
}

/* What $LIB is was decided when the loader was built: Debian's, the ABI's, or plain. */
static bool try_expanded(struct search *search, const char *text, const struct object *owner,
			 bool (*try)(struct search *search, const char *path))
{
	const struct machine *machine = machine_find(search->process->kind);
	ct_autofree char *multiarch = ct_asprintf("lib/%s", machine ? machine->triplet : "");
	const char *const libs[] = { multiarch, search->process->kind.wide ? "lib64" : "lib32", "lib" };
	ct_autofree char *origin = ct_strdup(owner ? owner->path : "/");
	ct_autobuf path = CT_BUF_INIT;
	size_t count = strstr(text, "$LIB") || strstr(text, "${LIB}") ? 3 : 1;

	*strrchr(origin, '/') = '\0';
	for (size_t i = 0; i < count; i++) {
		expand(&path, text, origin, libs[i], machine ? machine->platform : "");
		if (path.data[0] == '/' && path.length < PATH_MAX && try(search, path.data))
			return true;
	}
	return false;
}

/* A list with colons. What is relative depends on where the program is started and is passed over. */
static bool look_along(struct search *search, const char *list, const struct object *owner)
{
	ct_autofree char *copy = list ? ct_strdup(list) : NULL;
	char *rest = copy, *item;

	while (rest && (item = strsep(&rest, search->process->musl ? ":\n" : ":;"))) {
		if (item[0] && try_expanded(search, item, owner, look_in))
			return true;
	}
	return false;
}

static bool look_in_defaults(struct search *search)
{
	const struct directories *directories = default_directories(search->slim, search->process);

	for (size_t i = 0; i < directories->count; i++) {
		if (look_in(search, directories->items[i]))
			return true;
	}
	return false;
}

static const struct object *loader_of(const struct process *process, const struct object *object)
{
	return object->loader == TREE_NOTHING ? NULL : &process->objects[object->loader];
}

/* DT_RPATH counts for all that an object's needs need in turn, unless there is a DT_RUNPATH; that one for its own needs only. */
static bool search_as_glibc(struct search *search, const struct object *asker)
{
	if (!asker->elf->runpath) {
		for (const struct object *at = asker; at; at = loader_of(search->process, at)) {
			if (!at->elf->runpath && look_along(search, at->elf->rpath, at))
				return true;
		}
	}
	return look_along(search, search->slim->library_path, NULL) || look_along(search, asker->elf->runpath, asker) ||
	       (!asker->elf->no_default_directories && look_in_defaults(search));
}

/* There both are the same, and count for what the needs need. */
static bool search_as_musl(struct search *search, const struct object *asker)
{
	if (look_along(search, search->slim->library_path, NULL))
		return true;
	for (const struct object *at = asker; at; at = loader_of(search->process, at)) {
		if (look_along(search, at->elf->runpath ? at->elf->runpath : at->elf->rpath, at))
			return true;
	}
	return look_in_defaults(search);
}

int library_find(struct slim *slim, const struct process *process, uint32_t asker, const char *name,
		 struct found *found, const char **path)
{
	struct search search = { .slim = slim, .process = process, .name = name, .found = found };
	const struct object *object = &process->objects[asker];
	bool there;

	if (strchr(name, '/'))
		there = try_expanded(&search, name, object, try_path);
	else
		there = process->musl ? search_as_musl(&search, object) : search_as_glibc(&search, object);
	*path = search.path;
	return there;
}

bool library_variant(struct slim *slim, const char *path, size_t i, struct found *found, const char **variant,
		     bool *there)
{
	const char *slash = strrchr(path, '/');
	ct_autofree char *directory = ct_strndup(path, (size_t)(slash - path));
	const struct variants *variants = variants_of(slim, directory);

	if (i >= variants->count)
		return false;
	*variant = slim_text(slim, "%s/glibc-hwcaps/%s%s", directory, variants->names[i], slash);
	*there = slim_find(slim, *variant, found) == 0 && S_ISREG(found->status.st_mode);
	return true;
}

bool library_is_musls_own(const char *name)
{
	static const char *const own[] = { "c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet." };

	for (size_t i = 0; strncmp(name, "lib", 3) == 0 && i < sizeof(own) / sizeof(own[0]); i++) {
		if (strncmp(name + 3, own[i], strlen(own[i])) == 0)
			return true;
	}
	return false;
}
