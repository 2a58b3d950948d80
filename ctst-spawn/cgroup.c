#include "ctst-spawn/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/status.h"

#define NAME_PREFIX "containust-"
#define EMPTY_TIMEOUT_MS 2000

/* Something else may have been mounted over it. */
static bool is_reachable(const char *mount)
{
	char procs[PATH_MAX];

	return snprintf(procs, sizeof(procs), "%s/cgroup.subtree_control", mount) < (int)sizeof(procs) &&
	       access(procs, F_OK) == 0;
}

/* Line by line: "36 35 98:0 / /sys/fs/cgroup rw - cgroup2 …" (proc_pid_mountinfo(5)). */
static bool find_in_mountinfo(char *path, size_t size)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char *rest, *line;

	if (fd < 0 || ct_read_all(fd, (size_t)16 << 20, &text) < 0)
		return false;
	for (rest = text.data; (line = strsep(&rest, "\n"));) {
		const char *type = strstr(line, " - cgroup2 ");
		const char *begin = line;
		size_t length;

		for (int field = 0; type && begin && field < 4; field++) {
			begin = strchr(begin, ' ');
			begin = begin ? begin + 1 : NULL;
		}
		length = begin ? strcspn(begin, " ") : 0;
		if (type && length > 0 && length < size && !memchr(begin, '\\', length)) {
			memcpy(path, begin, length);
			path[length] = '\0';
			if (is_reachable(path))
				return true;
		}
	}
	return false;
}

/* From the group that callers were moved into to the one it was made in. */
static void leave_callers(char *group)
{
	char *slash = strrchr(group, '/');

	if (slash && strcmp(slash + 1, CGROUP_CALLERS) == 0)
		*slash = '\0';
}

/* Without root only the own group may be writable: the line "0::/path" of /proc/self/cgroup. */
static bool own_group(char *group, size_t size)
{
	ct_autobuf text = CT_BUF_INIT;
	const char *line;

	if (ct_read_file_at(AT_FDCWD, "/proc/self/cgroup", 65536, &text) < 0)
		return false;
	line = strncmp(text.data, "0::", 3) == 0 ? text.data : strstr(text.data, "\n0::");
	if (!line)
		return false;
	line = strchr(line, '/');
	if (!line || strcspn(line, "\n") >= size)
		return false;
	snprintf(group, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (strcmp(group, "/") == 0)
		group[0] = '\0';
	leave_callers(group);
	return true;
}

/* The two places where it nearly always is are cheap to ask; listing all mounts is not. */
bool cgroup_find_mount(char *path, size_t size)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs status;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (statfs(usual[i], &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC)
			return snprintf(path, size, "%s", usual[i]) < (int)size;
	}
	return find_in_mountinfo(path, size);
}

/* Looked up once: mounts do not move while a tool runs. NULL: there is none. */
const char *cgroup_base(void)
{
	static char path[sizeof(((struct ct_status *)0)->cgroup)]; /* a longer one would have no place there */
	static bool known, found;
	char group[PATH_MAX] = "";

	if (known)
		return found ? path : NULL;
	known = true;
	found = cgroup_find_mount(path, sizeof(path)) && (geteuid() == 0 || own_group(group, sizeof(group))) &&
		strlen(path) + strlen(group) < sizeof(path);
	if (found)
		strcat(path, group);
	return found ? path : NULL;
}

bool cgroup_path(const char *directory, char *path, size_t size)
{
	const char *base = cgroup_base();
	const char *slash = strrchr(directory, '/');
	struct stat status;

	if (!base || stat(directory, &status) < 0)
		return false;
	return snprintf(path, size, "%s/" NAME_PREFIX "%s-%ju", base, slash ? slash + 1 : directory,
			(uintmax_t)status.st_ino) < (int)size;
}

static int write_file(int directory, const char *name, const char *text)
{
	ct_autoclose int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : ct_write_all(fd, text, strlen(text));
}

static int cannot_create(const struct container *container, struct ct_err *err)
{
	const char *limit = limits_first(container);

	if (!cgroup_base())
		ct_fail(err, "R002", "'%s' cannot be enforced: cgroup v2 is not mounted", limit);
	else
		ct_fail_errno(err, "R002", "'%s' cannot be enforced: no cgroup can be made in '%s'", limit,
			      cgroup_base());
	return limits_hint(limit, err);
}

int cgroup_create(const struct container *container, const char *directory, char *path, size_t size, int *fd,
		  char unlimited[LIMITS_TEXT], struct ct_err *err)
{
	*fd = -1;
	if (!cgroup_path(directory, path, size) || (mkdir(path, 0755) < 0 && errno != EEXIST)) {
		path[0] = '\0';
		if (limits_first(container) && !unlimited)
			return cannot_create(container, err);
		if (unlimited)
			limits_name(container, unlimited);
		return 0;
	}
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return ct_fail_errno(err, "R002", "cannot open the cgroup '%s'", path);
	return limits_apply(container, cgroup_base(), *fd, unlimited, err);
}

int cgroup_kill(const char *path)
{
	ct_autoclose int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return group < 0 ? -1 : write_file(group, "cgroup.kill", "1");
}

int64_t cgroup_oom_kills(int group)
{
	ct_autobuf text = CT_BUF_INIT;
	const char *line;

	if (group < 0 || ct_read_file_at(group, "memory.events", 4096, &text) < 0)
		return 0;
	line = strstr(text.data, "\noom_kill ");
	return line ? strtoll(line + strlen("\noom_kill "), NULL, 10) : 0;
}

static bool is_populated(int events)
{
	char text[256];
	ssize_t length = pread(events, text, sizeof(text) - 1, 0);

	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, "populated 1") != NULL;
}

/* cgroup.events wakes a poll(2) for POLLPRI when it changes. */
static void wait_until_empty(const char *path)
{
	char events[PATH_MAX];
	ct_autoclose int fd = -1;

	snprintf(events, sizeof(events), "%s/cgroup.events", path);
	fd = open(events, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && is_populated(fd)) {
		struct pollfd watch = { .fd = fd, .events = POLLPRI };

		if (poll(&watch, 1, EMPTY_TIMEOUT_MS) == 0)
			return;
	}
}

/* Of health checks whose supervisor was killed. */
static void remove_probes(const char *path)
{
	DIR *group = opendir(path);
	struct dirent *entry;

	while (group && (entry = readdir(group))) {
		if (strncmp(entry->d_name, CGROUP_PROBE, strlen(CGROUP_PROBE)) == 0)
			(void)unlinkat(dirfd(group), entry->d_name, AT_REMOVEDIR);
	}
	if (group)
		closedir(group);
}

int cgroup_remove(const char *path)
{
	if (!path[0] || rmdir(path) == 0 || errno == ENOENT)
		return 0;
	if (cgroup_kill(path) < 0 && errno == ENOENT)
		return 0;
	wait_until_empty(path);
	remove_probes(path);
	return rmdir(path) < 0 && errno != ENOENT ? -1 : 0;
}
