#include "ctst-image/unpack_place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"

static void forget_parent(struct unpack *unpack)
{
	if (unpack->parent >= 0)
		close(unpack->parent);
	unpack->parent = -1;
}

static int open_directory(const struct unpack *unpack, const char *path)
{
	return ct_open_in_root(unpack->root, path[0] ? path : ".", O_PATH | O_DIRECTORY, 0);
}

/* Everything of `path` but its last component. */
static void copy_parent(const char *path, char parent[PATH_MAX])
{
	size_t length = (size_t)(entry_path_name(path) - path);

	length = length > 0 ? length - 1 : 0;
	memcpy(parent, path, length);
	parent[length] = '\0';
}

int unpack_find_parent(const struct unpack *unpack, const char *path)
{
	char parent[PATH_MAX];

	copy_parent(path, parent);
	return open_directory(unpack, parent);
}

/* One component after the other, because each may be a link to somewhere else inside the root. */
static int make_parents(const struct unpack *unpack, const char *path)
{
	char prefix[PATH_MAX];
	size_t length = 0;

	do {
		ct_autoclose int above = -1;
		ct_autoclose int there = -1;

		length += path[length] == '/';
		length += strcspn(path + length, "/");
		memcpy(prefix, path, length);
		prefix[length] = '\0';
		there = open_directory(unpack, prefix);
		if (there >= 0)
			continue;
		if (errno != ENOENT)
			return -1;
		above = unpack_find_parent(unpack, prefix);
		if (above < 0 || mkdirat(above, entry_path_name(prefix), 0700) < 0 ||
		    fchmodat(above, entry_path_name(prefix), 0755, 0) < 0)
			return -1;
	} while (path[length]);
	return 0;
}

static int explain(const char *path, struct ct_err *err)
{
	if (errno == EEXIST)
		return ct_fail(err, "I003", "'%.200s' lies behind a symbolic link that leads nowhere", path);
	if (errno == ELOOP)
		return ct_fail(err, "I003", "'%.200s' lies behind a loop of symbolic links", path);
	if (errno == ENOTDIR)
		return ct_fail(err, "I003", "'%.200s' lies below something that is not a directory", path);
	return ct_fail_errno(err, "I003", "cannot unpack '%.200s'", path);
}

int unpack_open_parent(struct unpack *unpack, const char *path, struct ct_err *err)
{
	char parent[PATH_MAX];

	copy_parent(path, parent);
	if (unpack->parent >= 0 && strcmp(parent, unpack->parent_path) == 0)
		return unpack->parent;
	forget_parent(unpack);
	unpack->parent = open_directory(unpack, parent);
	if (unpack->parent < 0 && errno == ENOENT && make_parents(unpack, parent) == 0)
		unpack->parent = open_directory(unpack, parent);
	if (unpack->parent < 0)
		return explain(path, err);
	strcpy(unpack->parent_path, parent);
	return unpack->parent;
}

int unpack_clear_name(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0)
		return 0;
	return ct_remove_tree_at(parent, name);
}
