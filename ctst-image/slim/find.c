#include "ctst-image/slim/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

struct walk {
	struct found *found;
	int root;
	char rest[2 * PATH_MAX]; /* what is still to be followed */
};

static int fail_with(int number)
{
	errno = number;
	return -1;
}

static void leave(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	else
		path[0] = '\0';
}

static int enter(char *path, const char *name)
{
	size_t length = strlen(path);

	if (length + strlen(name) + 2 > PATH_MAX)
		return fail_with(ENAMETOOLONG);
	if (length > 0)
		path[length++] = '/';
	strcpy(path + length, name);
	return 0;
}

/* The link's target goes in front of what is still to be followed. */
static int follow(struct walk *walk, int fd)
{
	struct found *found = walk->found;
	struct found_link *link = &found->links[found->link_count];
	char target[PATH_MAX], *rest = walk->rest;
	ssize_t length;
	size_t rest_length = strlen(rest);

	if (found->link_count == FIND_MAX_LINKS)
		return fail_with(ELOOP);
	length = readlinkat(fd, "", target, sizeof(target) - 1);
	if (length < 0)
		return -1;
	if (length == 0)
		return fail_with(ENOENT);
	target[length] = '\0';
	if ((size_t)length + rest_length + 2 > sizeof(walk->rest))
		return fail_with(ENAMETOOLONG);
	*link = (struct found_link){ .path = found->texts.length, .status = found->status };
	ct_buf_append(&found->texts, found->path, strlen(found->path) + 1);
	link->target = found->texts.length;
	ct_buf_append(&found->texts, target, (size_t)length + 1);
	found->link_count++;
	memmove(rest + length + 1, rest, rest_length + 1);
	memcpy(rest, target, (size_t)length);
	rest[length] = '/';
	if (target[0] == '/')
		found->path[0] = '\0';
	else
		leave(found->path);
	return 0;
}

static int look(struct walk *walk, bool last)
{
	struct found *found = walk->found;
	ct_autoclose int fd = ct_open_in_root(walk->root, found->path[0] ? found->path : ".", O_PATH | O_NOFOLLOW, 0);

	if (fd < 0 || fstat(fd, &found->status) < 0)
		return -1;
	if (S_ISLNK(found->status.st_mode))
		return follow(walk, fd);
	return last || S_ISDIR(found->status.st_mode) ? 0 : fail_with(ENOTDIR);
}

/* Takes the first component off what is still to be followed. */
static int next_component(struct walk *walk, char name[NAME_MAX + 1])
{
	size_t length = strcspn(walk->rest, "/");
	size_t used = length + (walk->rest[length] == '/');

	if (length > NAME_MAX)
		return fail_with(ENAMETOOLONG);
	memcpy(name, walk->rest, length);
	name[length] = '\0';
	memmove(walk->rest, walk->rest + used, strlen(walk->rest + used) + 1);
	return 0;
}

static int step(struct walk *walk)
{
	char name[NAME_MAX + 1];

	if (next_component(walk, name) < 0)
		return -1;
	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		leave(walk->found->path);
	else if (enter(walk->found->path, name) < 0)
		return -1;
	return look(walk, walk->rest[strspn(walk->rest, "/")] == '\0');
}

int find_path(struct found *found, int root, const char *path)
{
	struct walk walk = { .found = found, .root = root };

	found->path[0] = '\0';
	found->link_count = 0;
	ct_buf_clear(&found->texts);
	if (strlen(path) >= PATH_MAX)
		return fail_with(ENAMETOOLONG);
	strcpy(walk.rest, path);
	if (look(&walk, true) < 0)
		return -1;
	while (walk.rest[0]) {
		if (step(&walk) < 0)
			return -1;
	}
	/* A link to "." has been followed without a further look. */
	return S_ISLNK(found->status.st_mode) ? look(&walk, true) : 0;
}

void found_release(struct found *found)
{
	ct_buf_free(&found->texts);
}
