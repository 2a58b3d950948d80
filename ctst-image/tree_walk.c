#include "ctst-image/tree_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"

#define MAX_PENDING ((size_t)4000000)

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)right, *(char *const *)left);
}

static int add_pending(struct tree_walk *walk, const char *directory, const char *name, struct ct_err *err)
{
	char *path = ct_asprintf("%s%s%s", directory, directory[0] ? "/" : "", name);

	if (strlen(path) >= PATH_MAX || walk->count >= MAX_PENDING) {
		ct_fail(err, "I003", "directory '%.200s' is too large or its names are too long", directory);
		free(path);
		return -1;
	}
	if (walk->count == walk->capacity) {
		walk->capacity = walk->capacity ? 2 * walk->capacity : 64;
		walk->pending = ct_realloc_array(walk->pending, walk->capacity, sizeof(*walk->pending));
	}
	walk->pending[walk->count++] = path;
	return 0;
}

static int read_directory(struct tree_walk *walk, DIR *stream, const char *directory, struct ct_err *err)
{
	struct dirent *entry;

	for (errno = 0; (entry = readdir(stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (add_pending(walk, directory, entry->d_name, err) < 0)
			return -1;
	}
	return errno ? ct_fail_errno(err, "I003", "cannot read the directory '%.200s'", directory) : 0;
}

/* Siblings share everything in front of their names, so that plain order of their paths is order of the names. */
static int add_content(struct tree_walk *walk, const char *directory, struct ct_err *err)
{
	int fd = ct_open_in_root(walk->root, directory[0] ? directory : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	size_t first = walk->count;
	int result;

	if (!stream)
		return ct_fail_errno(err, "I003", "cannot read the directory '%.200s'", directory[0] ? directory : ".");
	result = read_directory(walk, stream, directory, err);
	closedir(stream);
	if (walk->count > first)
		qsort(walk->pending + first, walk->count - first, sizeof(*walk->pending), compare_names);
	return result;
}

int tree_walk_start(struct tree_walk *walk, int root, struct ct_err *err)
{
	*walk = (struct tree_walk){ .root = root };
	return add_content(walk, "", err);
}

int tree_walk_next(struct tree_walk *walk)
{
	if (walk->count == 0)
		return 0;
	strcpy(walk->path, walk->pending[--walk->count]);
	free(walk->pending[walk->count]);
	return 1;
}

int tree_walk_enter(struct tree_walk *walk, struct ct_err *err)
{
	size_t depth = 1;

	for (const char *at = walk->path; *at; at++)
		depth += *at == '/';
	if (depth > ENTRY_PATH_MAX_DEPTH)
		return ct_fail(err, "I003", "'%.60s…' is nested deeper than %d directories", walk->path,
			       ENTRY_PATH_MAX_DEPTH);
	return add_content(walk, walk->path, err);
}

void tree_walk_release(struct tree_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		free(walk->pending[i]);
	free(walk->pending);
	walk->pending = NULL;
	walk->count = walk->capacity = 0;
}
