#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/rootfs.h"

static const char *const directories[] = {
	"root",         "skeleton",      "skeleton/dev", "skeleton/dev/pts", "skeleton/dev/shm", "skeleton/dev/mqueue",
	"skeleton/etc", "skeleton/proc", "skeleton/run", "skeleton/sys",     "skeleton/tmp",
};

/* Places for the device nodes, which are bind mounts: a user namespace cannot make nodes. */
static const char *const files[] = {
	"skeleton/dev/null",   "skeleton/dev/zero",    "skeleton/dev/full",
	"skeleton/dev/random", "skeleton/dev/urandom", "skeleton/dev/tty",
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "skeleton/dev/fd", "/proc/self/fd" },       { "skeleton/dev/stdin", "/proc/self/fd/0" },
	{ "skeleton/dev/stdout", "/proc/self/fd/1" }, { "skeleton/dev/stderr", "/proc/self/fd/2" },
	{ "skeleton/dev/ptmx", "pts/ptmx" },          { "skeleton/dev/core", "/proc/kcore" },
	{ "skeleton/etc/mtab", "/proc/mounts" },
};

static int make_file(const char *name, const char *text)
{
	ct_autoclose int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : ct_write_all(fd, text, strlen(text));
}

static int make_network_files(const char *hostname, const struct network_files *etc)
{
	ct_autobuf text = CT_BUF_INIT;

	ct_buf_printf(&text, "%s\n", hostname);
	if (make_file("skeleton/etc/hosts", etc->hosts.data) < 0 || make_file("skeleton/etc/hostname", text.data) < 0)
		return -1;
	return make_file("skeleton/etc/resolv.conf", etc->resolver.data);
}

int skeleton_make(const char *hostname, const struct network_files *etc, struct ct_err *err)
{
	umask(022);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (mkdir(directories[i], 0755) < 0)
			return ct_fail_errno(err, "R003", "cannot create '%s'", directories[i]);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (mknod(files[i], S_IFREG | 0644, 0) < 0)
			return ct_fail_errno(err, "R003", "cannot create '%s'", files[i]);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i].target, links[i].name) < 0)
			return ct_fail_errno(err, "R003", "cannot create '%s'", links[i].name);
	}
	if (make_network_files(hostname, etc) < 0)
		return ct_fail_errno(err, "R003", "cannot create the files of /etc");
	return 0;
}

bool is_below_tmpfs(const char *target)
{
	static const char *const places[] = { "/tmp", "/run", "/dev/shm" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t length = strlen(places[i]);

		if (strncmp(target, places[i], length) == 0 && (target[length] == '/' || target[length] == '\0'))
			return true;
	}
	return false;
}

int rootfs_real_path(int root, int fd, char *path, size_t size)
{
	char link[64], base[PATH_MAX], full[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
	length = readlink(link, base, sizeof(base) - 1);
	if (length < 0)
		return -1;
	base[length] = '\0';
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, full, sizeof(full) - 1);
	if (length < 0)
		return -1;
	full[length] = '\0';
	length = (ssize_t)strlen(base);
	if (strncmp(full, base, (size_t)length) != 0 || (full[length] != '/' && full[length] != '\0')) {
		errno = EXDEV;
		return -1;
	}
	return snprintf(path, size, "%s", full + length) < (int)size ? 0 : -1;
}

/*
 * Adds one component below `path` (a real path of the root) to the skeleton. What the
 * image has keeps its mode and owner, since the top layer's are what OverlayFS shows.
 */
static int add_component(int root, char *path, size_t size, const char *component, bool directory, bool *added)
{
	size_t length = strlen(path);
	char place[PATH_MAX];
	struct stat status = { .st_mode = S_IFDIR | 0755 };
	ct_autoclose int fd = -1;

	if (snprintf(path + length, size - length, "/%s", component) >= (int)(size - length)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = ct_open_in_root(root, path, O_PATH, 0);
	if (fd >= 0 && (rootfs_real_path(root, fd, path, size) < 0 || fstat(fd, &status) < 0))
		return -1;
	if (fd < 0 && errno != ENOENT)
		return -1;
	if (snprintf(place, sizeof(place), "skeleton%s", path) >= (int)sizeof(place)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (fd < 0)
		*added = true;
	if (fd < 0 && !directory)
		return make_file(place, "");
	if (!S_ISDIR(status.st_mode))
		return 0;
	if (mkdir(place, status.st_mode & 07777) < 0)
		return errno == EEXIST ? 0 : -1;
	/* Ids outside the container's range show as nobody's and cannot be given; then they stay root's. */
	if (chown(place, status.st_uid, status.st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return -1;
	return chmod(place, status.st_mode & 07777);
}

static int add_mount_point(int root, const char *target, bool directory, bool *added)
{
	ct_autofree char *copy = ct_strdup(target);
	char path[PATH_MAX] = "";
	char *rest = copy, *component;

	while ((component = strsep(&rest, "/"))) {
		bool last = !rest || rest[strspn(rest, "/")] == '\0';

		if (component[0] == '\0' || strcmp(component, ".") == 0)
			continue;
		if (strcmp(component, "..") == 0) {
			errno = EINVAL;
			return -1;
		}
		if (add_component(root, path, sizeof(path), component, directory || !last, added) < 0)
			return -1;
	}
	return 0;
}

int skeleton_add_mount_points(const struct rootfs *rootfs, int root, bool *added, struct ct_err *err)
{
	for (size_t i = 0; i < rootfs->container->mount_count; i++) {
		const char *target = rootfs->container->mounts[i].target;
		ct_autoclose int fd = ct_open_in_root(root, target, O_PATH, 0);
		struct stat source;

		if (fd >= 0 || is_below_tmpfs(target))
			continue;
		if (fstat(rootfs->mounts[i], &source) < 0 ||
		    add_mount_point(root, target, S_ISDIR(source.st_mode), added) < 0)
			return ct_fail_errno(err, "R003", "cannot make the mount point '%s'", target);
	}
	return 0;
}
