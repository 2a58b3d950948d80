/* Interpreters: the program is a small part of what it needs, and only the person knows how much of the rest a script uses. */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/accompany.h"

#define MAX_PATHS 8

/*
 * By the real name of the program. A `%` in a path is that name; a last component may be a
 * pattern; `@` is the directory of its C library.
 */
static const struct runtime {
	const char *program;
	const char *paths[MAX_PATHS];
} runtimes[] = {
	{ "python[23]*", { "/usr/lib/%", "/usr/local/lib/%", "/usr/lib/python3", "/usr/lib64/%" } },
	{ "perl*",
	  { "/etc/perl", "@/perl-base", "@/perl", "@/perl5", "/usr/share/perl*", "/usr/lib/perl5",
	    "/usr/local/lib/perl5" } },
	{ "node*",
	  { "/usr/share/nodejs", "/usr/share/node_modules", "/usr/lib/node_modules", "/usr/local/lib/node_modules" } },
	{ "ruby*",
	  { "/usr/lib/ruby", "@/ruby", "/usr/local/lib/ruby", "/var/lib/gems", "/usr/share/rubygems-integration" } },
};

/* A program, not something of that name among its libraries. */
static bool is_program(const struct tree_entry *entry, const char *pattern)
{
	const char *slash = strrchr(entry->path, '/');

	return entry->kind == TREE_FILE && !entry->lenient && entry->elf && entry->elf->interpreter && slash &&
	       fnmatch(pattern, slash + 1, 0) == 0;
}

static void expand(struct slim *slim, const struct tree_entry *entry, const char *path, struct ct_buf *out)
{
	const char *libraries = accompany_directory_of(slim, "libc.so.6");

	ct_buf_clear(out);
	for (; *path; path++) {
		if (*path == '%')
			ct_buf_puts(out, strrchr(entry->path, '/') + 1);
		else if (*path == '@')
			ct_buf_puts(out, libraries ? libraries : "/usr/lib");
		else
			ct_buf_putc(out, *path);
	}
}

static int take_or_tell(struct slim *slim, const char *program, const char *path, struct ct_err *err)
{
	auto_found found = FOUND_INIT;
	uint32_t index;

	if (slim_find(slim, path, &found) < 0)
		return 0;
	if (slim->runtimes)
		return slim_include(slim, path, slim_text(slim, "read by /%s", program), err);
	index = tree_find(&slim->tree, found.path);
	if (index == TREE_NOTHING || !slim->tree.entries[index].walked)
		slim_note(slim, SLIM_NOTE_INTERPRETER, path, "'/%s' reads '%s'", program, path);
	return 0;
}

static int take_pattern(struct slim *slim, const char *program, const char *path, struct ct_err *err)
{
	const char *slash = strrchr(path, '/');
	ct_autofree char *directory = ct_strndup(path, (size_t)(slash - path));
	int fd, result = 0;
	DIR *stream;
	const struct dirent *item;

	if (!strchr(path, '*'))
		return take_or_tell(slim, program, path, err);
	fd = ct_open_in_root(slim->root, directory, O_RDONLY | O_DIRECTORY, 0);
	stream = fd < 0 ? NULL : fdopendir(fd);
	while (stream && result == 0 && (item = readdir(stream))) {
		ct_autofree char *full = ct_asprintf("%s/%s", directory, item->d_name);

		if (fnmatch(slash + 1, item->d_name, FNM_PERIOD) == 0)
			result = take_or_tell(slim, program, full, err);
	}
	if (stream)
		closedir(stream);
	return result;
}

static int take_runtime(struct slim *slim, const struct runtime *runtime, uint32_t index, struct ct_err *err)
{
	ct_autobuf path = CT_BUF_INIT;
	const char *program = slim->tree.entries[index].path;

	for (size_t i = 0; i < MAX_PATHS && runtime->paths[i]; i++) {
		expand(slim, &slim->tree.entries[index], runtime->paths[i], &path);
		if (take_pattern(slim, program, path.data, err) < 0)
			return -1;
	}
	return 0;
}

int accompany_runtimes(struct slim *slim, struct ct_err *err)
{
	/* What is taken here is no program: the count of now is enough. */
	size_t count = slim->tree.count;

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		for (uint32_t j = 0; j < count; j++) {
			if (is_program(&slim->tree.entries[j], runtimes[i].program) &&
			    take_runtime(slim, &runtimes[i], j, err) < 0)
				return -1;
		}
	}
	return 0;
}
