#include "ctst/commands.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/process.h"
#include "common/suggest.h"

#define PREFIX "ctst-"
#define LONGEST_NAME 64
#define MOST_NAMES 4096    /* of all directories together */
#define MOST_OWN_LISTED 40 /* the help has to fit a screen */
#define COLUMNS 79

enum group {
	GROUP_COMPOSE,
	GROUP_CONTAINERS,
	GROUP_STAGES,
	GROUP_PLUMBING, /* run by other tools; named, without a line of its own */
	GROUP_COUNT,
};

static const char *const headings[GROUP_COUNT] = {
	[GROUP_COMPOSE] = NULL, /* directly below the usage: 24 lines are a screen */
	[GROUP_CONTAINERS] = "its containers",
	[GROUP_STAGES] = "the pipeline behind 'run': parse FILE | image build | plan | spawn",
	[GROUP_PLUMBING] = "run by these",
};

static const struct command {
	const char *name;
	enum group group;
	const char *summary;
} known[] = {
	{ "run", GROUP_COMPOSE, "bring up what a .ctst file describes" },
	{ "build", GROUP_COMPOSE, "import its images and print their pinned references" },
	{ "graph", GROUP_COMPOSE, "draw what depends on what" },
	{ "fmt", GROUP_COMPOSE, "rewrite it in the canonical layout" },
	{ "convert", GROUP_COMPOSE, "make a .ctst file of compose files" },
	{ "doctor", GROUP_COMPOSE, "say what this host offers and lacks" },
	{ "ps", GROUP_CONTAINERS, "list containers" },
	{ "logs", GROUP_CONTAINERS, "show what they printed" },
	{ "events", GROUP_CONTAINERS, "show what has happened to them" },
	{ "inspect", GROUP_CONTAINERS, "show all that is known of them" },
	{ "network", GROUP_CONTAINERS, "list networks and who is on them" },
	{ "exec", GROUP_CONTAINERS, "run a command in one" },
	{ "stop", GROUP_CONTAINERS, "stop them, in reverse order" },
	{ "rm", GROUP_CONTAINERS, "remove stopped ones and their data" },
	{ "parse", GROUP_STAGES, "a .ctst file as JSON" },
	{ "image", GROUP_STAGES, "import, pin, list, remove and export images" },
	{ "plan", GROUP_STAGES, "what would change" },
	{ "spawn", GROUP_STAGES, "carry out a plan" },
	{ "seccomp", GROUP_PLUMBING, NULL },
	{ "forward", GROUP_PLUMBING, NULL },
	{ "supervise", GROUP_PLUMBING, NULL },
	{ "outbound", GROUP_PLUMBING, NULL },
	{ "image-export", GROUP_PLUMBING, NULL },
	{ "image-fetch", GROUP_PLUMBING, NULL },
	{ "image-import", GROUP_PLUMBING, NULL },
	{ "image-pull", GROUP_PLUMBING, NULL },
	{ "image-slim", GROUP_PLUMBING, NULL },
	{ "image-unpack", GROUP_PLUMBING, NULL },
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static const struct alias aliases[] = {
	{ "images", "ctst-image", "ls" },
	{ "pull", "ctst-image", "pull" },
};

#define ALIAS_COUNT (sizeof(aliases) / sizeof(aliases[0]))

const struct alias *alias_find(const char *name)
{
	static const struct alias none = { 0 };

	for (size_t i = 0; i < ALIAS_COUNT; i++) {
		if (strcmp(aliases[i].name, name) == 0)
			return &aliases[i];
	}
	return &none;
}

bool command_name_is_valid(const char *name)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strspn(name, characters);

	return length > 0 && length <= LONGEST_NAME && name[length] == '\0' && name[0] != '.' && name[0] != '-';
}

/* Names without the prefix, in the order of their directories, each once. */
struct names {
	char **items;
	size_t count;
};

static bool names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], name) == 0)
			return true;
	}
	return false;
}

static void names_add(struct names *names, const char *name)
{
	if (names->count >= MOST_NAMES || names_have(names, name))
		return;
	names->items = ct_realloc_array(names->items, names->count + 1, sizeof(*names->items));
	names->items[names->count++] = ct_strdup(name);
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

#define autonames __attribute__((cleanup(names_free))) struct names

static bool is_executable(int directory, const char *name)
{
	struct stat status;

	return fstatat(directory, name, &status, 0) == 0 && S_ISREG(status.st_mode) &&
	       faccessat(directory, name, X_OK, 0) == 0;
}

/* A directory that cannot be read has no commands. */
static void scan_directory(struct names *names, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		if (command_name_is_valid(entry->d_name + strlen(PREFIX)) &&
		    is_executable(dirfd(directory), entry->d_name))
			names_add(names, entry->d_name + strlen(PREFIX));
	}
	closedir(directory);
}

static void scan_everything(struct names *names)
{
	const char *path = getenv("PATH");

	scan_directory(names, ct_libexec_directory());
	while (path && *path) {
		size_t length = strcspn(path, ":");
		ct_autofree char *directory = ct_strndup(path, length);

		/* An empty element means the current directory to a shell; commands are not taken from there. */
		if (length > 0)
			scan_directory(names, directory);
		path += length + (path[length] == ':');
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (strcmp(known[i].name, name) == 0)
			return true;
	}
	return false;
}

/* One that only other tools run: a word in a list, on a new line where the screen ends. */
static void list_word(struct ct_buf *out, const char *word)
{
	const char *line = out->length ? memrchr(out->data, '\n', out->length) : NULL;
	size_t column = line ? (size_t)(out->data + out->length - line) - 1 : out->length;

	ct_buf_printf(out, "%s %s", column + 1 + strlen(word) > COLUMNS ? "\n " : "", word);
}

static void list_group(struct ct_buf *out, const struct names *found, enum group group)
{
	bool headed = false;

	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		if (known[i].group != group || !names_have(found, known[i].name))
			continue;
		if (!headed && headings[group])
			ct_buf_printf(out, known[i].summary ? "%s\n" : "%s:", headings[group]);
		headed = true;
		if (known[i].summary)
			ct_buf_printf(out, "  %-8s %s\n", known[i].name, known[i].summary);
		else
			list_word(out, known[i].name);
	}
	if (headed && out->data[out->length - 1] != '\n')
		ct_buf_putc(out, '\n');
}

static void list_own(struct ct_buf *out, struct names *found)
{
	size_t listed = 0;

	qsort(found->items, found->count, sizeof(*found->items), compare_names);
	for (size_t i = 0; i < found->count; i++) {
		if (is_known(found->items[i]) || listed++ >= MOST_OWN_LISTED)
			continue;
		if (listed == 1)
			ct_buf_puts(out, "also found:");
		list_word(out, found->items[i]);
	}
	if (listed > MOST_OWN_LISTED)
		ct_buf_printf(out, " and %zu more", listed - MOST_OWN_LISTED);
	if (listed > 0)
		ct_buf_putc(out, '\n');
}

void commands_list(struct ct_buf *out)
{
	autonames found = { 0 };

	scan_everything(&found);
	ct_buf_puts(out, "usage: ctst [-C DIR] [-q|-v] [--offline] [--state-file PATH] COMMAND [ARG ...]\n");
	for (enum group group = 0; group < GROUP_COUNT; group++)
		list_group(out, &found, group);
	list_own(out, &found);
	ct_buf_puts(out, "'ctst help COMMAND' opens its manual, 'ctst COMMAND -h' is shorter.\n");
}

char *commands_suggest(const char *word)
{
	autonames found = { 0 };
	const char *close;

	scan_everything(&found);
	for (size_t i = 0; i < ALIAS_COUNT; i++)
		names_add(&found, aliases[i].name);
	names_add(&found, "help");
	close = ct_suggest(word, (const char *const *)found.items, found.count);
	return close ? ct_strdup(close) : NULL;
}
