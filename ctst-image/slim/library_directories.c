#include "ctst-image/slim/library_directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/machine.h"

#define MAX_CONFIG_BYTES ((size_t)256 << 10)
#define MAX_CONFIG_FILES 256
#define MAX_INCLUDED 128

void directories_add(struct directories *directories, const char *path)
{
	for (size_t i = 0; i < directories->count; i++) {
		if (strcmp(directories->items[i], path) == 0)
			return;
	}
	if (directories->count < LIBRARY_MAX_DIRECTORIES)
		directories->items[directories->count++] = path;
}

/* A file of the configuration. */
struct config_file {
	char *name;
	char *text; /* NULL: not read yet */
	char *rest; /* of the text, what is still to be looked at */
};

/* What a line includes is read before its next line, so that the order is the one ldconfig(8) has. */
struct reading {
	struct slim *slim;
	struct directories *directories;
	struct config_file files[MAX_CONFIG_FILES]; /* a stack */
	size_t depth;
	size_t read;
};

static void read_text(struct slim *slim, const char *path, struct ct_buf *text)
{
	ct_autoclose int fd = ct_open_in_root(slim->root, path, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0 || ct_read_all(fd, MAX_CONFIG_BYTES, text) < 0)
		ct_buf_clear(text);
	ct_buf_puts(text, "");
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static size_t list_matching(struct slim *slim, const char *directory, const char *pattern, char **names, size_t most)
{
	int fd = ct_open_in_root(slim->root, directory, O_RDONLY | O_DIRECTORY, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *item;
	size_t count = 0;

	if (!stream)
		return 0;
	while (count < most && (item = readdir(stream))) {
		if (fnmatch(pattern, item->d_name, FNM_PERIOD) == 0)
			names[count++] = ct_asprintf("%s/%s", directory, item->d_name);
	}
	closedir(stream);
	if (count > 1)
		qsort(names, count, sizeof(*names), compare_names);
	return count;
}

/* `include PATTERN`: a pattern in the last component, which is all that is in use. Relative to the file it is in. */
static size_t expand_include(struct slim *slim, const char *file, const char *pattern, char **names, size_t most)
{
	const char *slash = strrchr(file, '/');
	ct_autofree char *whole = pattern[0] == '/' ? ct_strdup(pattern)
						    : ct_asprintf("%.*s/%s", (int)(slash - file), file, pattern);
	char *last = strrchr(whole, '/');

	*last++ = '\0';
	return list_matching(slim, whole[0] ? whole : "/", last, names, most);
}

/* A file that includes itself must end some time. */
static void push_files(struct reading *reading, char **names, size_t count)
{
	while (count > 0) {
		char *name = names[--count];

		if (reading->depth < MAX_CONFIG_FILES && reading->read < MAX_CONFIG_FILES) {
			reading->files[reading->depth++] = (struct config_file){ .name = name };
			reading->read++;
		} else {
			free(name);
		}
	}
}

static void read_line(struct reading *reading, const char *file, char *line)
{
	char *rest = line, *word, *included[MAX_INCLUDED];
	bool including = false;
	size_t count = 0;

	line[strcspn(line, "#")] = '\0';
	while ((word = strsep(&rest, " \t,:\r"))) {
		if (word[0] == '\0')
			continue;
		if (including) {
			count += expand_include(reading->slim, file, word, included + count, MAX_INCLUDED - count);
		} else if (strcmp(word, "include") == 0) {
			including = true;
		} else if (strcmp(word, "hwcap") == 0) {
			return;
		} else if (word[0] == '/') {
			word[strcspn(word, "=")] = '\0';
			directories_add(reading->directories, slim_text(reading->slim, "%s", word));
		}
	}
	push_files(reading, included, count);
}

static void open_file(struct reading *reading, struct config_file *file)
{
	ct_autobuf text = CT_BUF_INIT;

	read_text(reading->slim, file->name, &text);
	file->text = file->rest = ct_buf_detach(&text);
}

static void read_configuration(struct slim *slim, struct directories *directories)
{
	ct_autofree struct reading *reading = ct_alloc_array(1, sizeof(*reading));
	char *first = ct_strdup("/etc/ld.so.conf");

	reading->slim = slim;
	reading->directories = directories;
	push_files(reading, &first, 1);
	while (reading->depth > 0) {
		struct config_file *file = &reading->files[reading->depth - 1];
		char *line;

		if (!file->text)
			open_file(reading, file);
		line = strsep(&file->rest, "\n");
		if (line) {
			read_line(reading, file->name, line);
			continue;
		}
		free(file->name);
		free(file->text);
		reading->depth--;
	}
}

void directories_of_glibc(struct slim *slim, struct elf_kind kind, struct directories *directories)
{
	const struct machine *machine = machine_find(kind);

	read_configuration(slim, directories);
	if (machine) {
		directories_add(directories, slim_text(slim, "/lib/%s", machine->triplet));
		directories_add(directories, slim_text(slim, "/usr/lib/%s", machine->triplet));
	}
	directories_add(directories, kind.wide ? "/lib64" : "/lib32");
	directories_add(directories, kind.wide ? "/usr/lib64" : "/usr/lib32");
	directories_add(directories, "/lib");
	directories_add(directories, "/usr/lib");
}

void directories_of_musl(struct slim *slim, struct elf_kind kind, struct directories *directories)
{
	const struct machine *machine = machine_find(kind);
	ct_autofree char *file = ct_asprintf("/etc/ld-musl-%.*s.path",
					     machine ? (int)strcspn(machine->triplet, "-") : 0,
					     machine ? machine->triplet : "");
	ct_autobuf text = CT_BUF_INIT;
	char *rest, *word;

	read_text(slim, file, &text);
	rest = text.data;
	while ((word = strsep(&rest, ":\n"))) {
		if (word[0] == '/')
			directories_add(directories, slim_text(slim, "%s", word));
	}
	if (text.length > 0) {
		slim_take_path(slim, file, "read by musl's loader");
		return;
	}
	directories_add(directories, "/lib");
	directories_add(directories, "/usr/local/lib");
	directories_add(directories, "/usr/lib");
}
