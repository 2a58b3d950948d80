#include "ctst-spawn/mount_type.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"

#define MOUNTS_LIMIT ((size_t)16 << 20)

struct line {
	int id;
	char *point, *type;
};

/* "36 35 98:0 /root /point options… - type source options": the text is changed. */
static bool split(char *text, struct line *line)
{
	char *fields[5], *rest = text, *type = strstr(text, " - ");

	for (int i = 0; i < 5; i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	if (!type || type < rest)
		return false;
	line->id = atoi(fields[0]);
	line->point = fields[4];
	line->type = type + strlen(" - ");
	line->type[strcspn(line->type, " ")] = '\0';
	return true;
}

/* Spaces and their like are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool read_mounts(struct ct_buf *text)
{
	ct_autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && ct_read_all(fd, MOUNTS_LIMIT, text) >= 0;
}

static int mount_of(int fd)
{
	ct_autobuf text = CT_BUF_INIT;
	char path[64];
	const char *id;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (ct_read_file_at(AT_FDCWD, path, 4096, &text) < 0)
		return -1;
	id = strstr(text.data, "mnt_id:");
	return id ? atoi(id + strlen("mnt_id:")) : -1;
}

bool mount_type(int fd, char type[MOUNT_TYPE_SIZE])
{
	ct_autobuf text = CT_BUF_INIT;
	int id = mount_of(fd);
	struct line line;
	char *rest, *next;

	if (id < 0 || !read_mounts(&text))
		return false;
	for (rest = text.data; (next = strsep(&rest, "\n"));) {
		if (split(next, &line) && line.id == id) {
			snprintf(type, MOUNT_TYPE_SIZE, "%s", line.type);
			return true;
		}
	}
	return false;
}

int mount_try_ids(int place, int userns)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	ct_autoclose int tree = (int)syscall(SYS_open_tree, place, "",
					     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0)
		return errno;
	return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0 ? errno : 0;
}

static bool real_path(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return true;
}

static bool find_below(int place, int userns, char *where, size_t size, char type[MOUNT_TYPE_SIZE], int *failure)
{
	ct_autobuf text = CT_BUF_INIT;
	char path[PATH_MAX], *rest, *next;
	struct line line;
	size_t length;

	if (!real_path(place, path) || !read_mounts(&text))
		return false;
	length = strcmp(path, "/") == 0 ? 0 : strlen(path);
	for (rest = text.data; (next = strsep(&rest, "\n"));) {
		ct_autoclose int fd = -1;

		if (!split(next, &line))
			continue;
		unescape(line.point);
		if (strncmp(line.point, path, length) != 0 || line.point[length] != '/')
			continue;
		fd = open(line.point, O_PATH | O_CLOEXEC | O_NOFOLLOW);
		*failure = fd < 0 ? 0 : mount_try_ids(fd, userns);
		if (*failure) {
			snprintf(where, size, "%s", line.point);
			snprintf(type, MOUNT_TYPE_SIZE, "%s", line.type);
			return true;
		}
	}
	return false;
}

bool mount_without_ids(int place, int userns, char *where, size_t size, char type[MOUNT_TYPE_SIZE], int *failure)
{
	*failure = mount_try_ids(place, userns);
	if (*failure == 0)
		return find_below(place, userns, where, size, type, failure);
	where[0] = '\0';
	if (!mount_type(place, type))
		snprintf(type, MOUNT_TYPE_SIZE, "unknown");
	return true;
}
