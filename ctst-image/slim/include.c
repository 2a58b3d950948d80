/* Files and whole trees that somebody has named. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/slim/image.h"
#include "ctst-image/slim/slim.h"
#include "ctst-image/tree_walk.h"

#define MAX_TREES 256 /* directories that links within a tree lead to */

/* Trees that are still to be taken, by real path. */
struct trees {
	char *pending[MAX_TREES];
	size_t count;
};

bool slim_is_system_directory(const char *path)
{
	static const char *const directories[] = {
		"",
		"bin",
		"boot",
		"dev",
		"etc",
		"home",
		"lib",
		"lib32",
		"lib64",
		"libx32",
		"media",
		"mnt",
		"opt",
		"proc",
		"root",
		"run",
		"sbin",
		"sys",
		"tmp",
		"usr",
		"usr/bin",
		"usr/lib",
		"usr/lib32",
		"usr/lib64",
		"usr/libexec",
		"usr/local",
		"usr/local/bin",
		"usr/local/lib",
		"usr/local/share",
		"usr/sbin",
		"usr/share",
		"usr/src",
		"var",
		"var/cache",
		"var/lib",
		"var/log",
		"var/run",
		"var/spool",
		"var/tmp",
	};

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (strcmp(path, directories[i]) == 0)
			return true;
	}
	return false;
}

static int too_much(const struct slim *slim, struct ct_err *err)
{
	return ct_fail(err, "I003", "%s: more than %d files were named", slim->what, TREE_MAX_ENTRIES);
}

static void add_tree(struct slim *slim, struct trees *trees, const char *path)
{
	if (trees->count < MAX_TREES)
		trees->pending[trees->count++] = ct_strdup(path);
	else
		slim_note(slim, SLIM_NOTE_LEFT_OUT, NULL, "the directory '/%s' is one link too many and was left out",
			  path);
}

/* One that leads nowhere stays one that leads nowhere. */
static void take_link(struct slim *slim, struct trees *trees, const char *path, const char *reason)
{
	auto_found found = FOUND_INIT;

	if (slim_find(slim, path, &found) < 0) {
		slim_take_dangling(slim, path, reason);
		return;
	}
	if (slim_take(slim, &found, reason, SLIM_TAKE_LENIENT) == TREE_NOTHING)
		return;
	if (S_ISDIR(found.status.st_mode) && !slim_is_system_directory(found.path))
		add_tree(slim, trees, found.path);
}

/* False when everything in that directory was taken before: links may lead anywhere, also into the tree they are in. */
static bool begin_walk(struct slim *slim, uint32_t index)
{
	bool walked = slim->tree.entries[index].walked;

	slim->tree.entries[index].walked = true;
	return !walked;
}

/* `path` holds no links but perhaps itself. */
static int take_one(struct slim *slim, struct trees *trees, struct tree_walk *walk, const char *path,
		    const char *reason, struct ct_err *err)
{
	ct_autoclose int fd = ct_open_in_root(slim->root, path, O_PATH | O_NOFOLLOW, 0);
	auto_found found = FOUND_INIT;
	uint32_t index;

	if (fd < 0 || fstat(fd, &found.status) < 0)
		return ct_fail_errno(err, "I003", "%s: cannot look at '/%.300s'", slim->what, path);
	if (slim->tree.count >= TREE_MAX_ENTRIES)
		return too_much(slim, err);
	if (image_signal())
		return ct_fail(err, CT_NO_CODE, "interrupted");
	if (S_ISLNK(found.status.st_mode)) {
		take_link(slim, trees, path, reason);
		return 0;
	}
	strcpy(found.path, path);
	index = slim_take(slim, &found, reason, SLIM_TAKE_LENIENT);
	if (index == TREE_NOTHING) {
		slim_note(slim, SLIM_NOTE_LEFT_OUT, NULL, "'/%s' is neither file, directory nor link and was left out",
			  path);
		return 0;
	}
	return S_ISDIR(found.status.st_mode) && begin_walk(slim, index) ? tree_walk_enter(walk, err) : 0;
}

static int walk_tree(struct slim *slim, struct trees *trees, const char *base, const char *reason, struct ct_err *err)
{
	ct_autoclose int fd = ct_open_in_root(slim->root, base[0] ? base : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct tree_walk walk = { .root = fd };
	int result = 0;

	if (fd < 0)
		return ct_fail_errno(err, "I003", "%s: cannot read the directory '/%.300s'", slim->what, base);
	result = tree_walk_start(&walk, fd, err);
	while (result == 0 && tree_walk_next(&walk)) {
		ct_autofree char *path = ct_asprintf("%s%s%s", base, base[0] ? "/" : "", walk.path);

		result = strlen(path) < PATH_MAX ? take_one(slim, trees, &walk, path, reason, err)
						 : ct_fail(err, "I003", "a name below '/%.300s' is too long", base);
	}
	tree_walk_release(&walk);
	return result;
}

static int take_tree(struct slim *slim, struct trees *trees, const char *path, const char *reason, struct ct_err *err)
{
	uint32_t index = tree_find(&slim->tree, path);

	if (index != TREE_NOTHING && !begin_walk(slim, index))
		return 0;
	return walk_tree(slim, trees, path, reason, err);
}

static int take_trees(struct slim *slim, const char *first, const char *reason, struct ct_err *err)
{
	struct trees trees = { .count = 0 };
	int result = 0;

	add_tree(slim, &trees, first);
	while (trees.count > 0) {
		ct_autofree char *path = trees.pending[--trees.count];

		if (result == 0)
			result = take_tree(slim, &trees, path, reason, err);
	}
	return result;
}

int slim_include(struct slim *slim, const char *path, const char *reason, struct ct_err *err)
{
	auto_found found = FOUND_INIT;

	if (slim_find(slim, path, &found) < 0) {
		ct_fail_errno(err, errno == ENOENT || errno == ENOTDIR ? "I001" : "I003", "%s: cannot take '%.300s'",
			      slim->what, path);
		return -1;
	}
	if (found.path[0] == '\0' && slim->host) {
		ct_fail(err, "I003", "%s: the whole of it is too much for an image", slim->what);
		return ct_err_hint(err, "name the directories that are needed");
	}
	if (slim_take(slim, &found, reason, SLIM_TAKE_FILE) == TREE_NOTHING && found.path[0])
		return ct_fail(err, "I003", "%s: '%.300s' is neither a file nor a directory", slim->what, path);
	return S_ISDIR(found.status.st_mode) ? take_trees(slim, found.path, reason, err) : 0;
}
