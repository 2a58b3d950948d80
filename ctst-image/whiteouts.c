#include "ctst-image/whiteouts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-image/entry_path.h"
#include "ctst-image/unpack.h"
#include "ctst-image/unpack_place.h"

#define PREFIX ".wh."
#define OPAQUE ".wh..wh..opq"

bool whiteout_target(const char *path, char *target, bool *opaque)
{
	const char *name = entry_path_name(path);
	size_t directory = (size_t)(name - path);
	const char *gone = name + strlen(PREFIX);

	*opaque = strcmp(name, OPAQUE) == 0;
	if (*opaque) {
		memcpy(target, path, directory);
		target[directory > 0 ? directory - 1 : 0] = '\0';
		return true;
	}
	/* ".wh..wh.*" are AUFS's own notes. */
	if (strncmp(gone, PREFIX, strlen(PREFIX)) == 0 || !gone[0] || strcmp(gone, ".") == 0 || strcmp(gone, "..") == 0)
		return false;
	memcpy(target, path, directory);
	strcpy(target + directory, gone);
	return true;
}

static void add(struct whiteouts *whiteouts, const char *path, bool opaque)
{
	if (whiteouts->count == whiteouts->capacity) {
		whiteouts->capacity = whiteouts->capacity ? 2 * whiteouts->capacity : 16;
		whiteouts->items = ct_realloc_array(whiteouts->items, whiteouts->capacity, sizeof(*whiteouts->items));
	}
	whiteouts->items[whiteouts->count++] = (struct whiteout){ .path = ct_strdup(path), .opaque = opaque };
}

int whiteouts_take(struct whiteouts *whiteouts, const char *path, struct ct_err *err)
{
	char target[PATH_MAX];
	const char *gone;
	bool opaque;

	if (!entry_path_is_whiteout(path))
		return 0;
	if (whiteout_target(path, target, &opaque)) {
		add(whiteouts, target, opaque);
		return 1;
	}
	gone = entry_path_name(path) + strlen(PREFIX);
	if (strncmp(gone, PREFIX, strlen(PREFIX)) == 0)
		return 1;
	return ct_fail(err, "I003", "the whiteout '%.200s' names nothing that could be taken away", path);
}

static int make_opaque(struct unpack *unpack, const char *path)
{
	ct_autoclose int fd = ct_open_in_root(unpack->root, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
					      0);

	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	return fsetxattr(fd, WHITEOUT_OPAQUE_XATTR, "y", 1, 0);
}

/* What the layer itself has under this name stays; a directory does not show what lies below it. */
static int make_whiteout(struct unpack *unpack, const char *path, struct ct_err *err)
{
	int parent = unpack_open_parent(unpack, path, err);
	struct stat status;

	if (parent < 0)
		return -1;
	if (mknodat(parent, entry_path_name(path), S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno == EEXIST && fstatat(parent, entry_path_name(path), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (!S_ISDIR(status.st_mode) || make_opaque(unpack, path) == 0))
		return 0;
	return ct_fail_errno(err, "I003", "cannot make the whiteout of '%.200s'", path);
}

static int make_opaque_directory(struct unpack *unpack, const char *path, struct ct_err *err)
{
	char inside[PATH_MAX + 2];

	/* The directory may be in a layer below only: then it begins here. */
	if (path[0]) {
		strcpy(inside, path);
		strcat(inside, "/x");
		if (strlen(inside) < PATH_MAX && unpack_open_parent(unpack, inside, err) < 0)
			return -1;
	}
	if (make_opaque(unpack, path) == 0)
		return 0;
	ct_fail_errno(err, "I003", "cannot mark the directory '/%.200s' as opaque", path);
	if (errno == EOPNOTSUPP)
		ct_err_hint(err, "keep the store on a file system with user attributes, such as ext4, xfs or btrfs");
	return -1;
}

int whiteouts_apply(const struct whiteouts *whiteouts, struct unpack *unpack, struct ct_err *err)
{
	for (size_t i = 0; i < whiteouts->count; i++) {
		const struct whiteout *whiteout = &whiteouts->items[i];

		if ((whiteout->opaque ? make_opaque_directory(unpack, whiteout->path, err)
				      : make_whiteout(unpack, whiteout->path, err)) < 0)
			return -1;
	}
	return 0;
}

void whiteouts_release(struct whiteouts *whiteouts)
{
	for (size_t i = 0; i < whiteouts->count; i++)
		free(whiteouts->items[i].path);
	free(whiteouts->items);
	*whiteouts = (struct whiteouts){ 0 };
}
