#include "ctst-spawn/cgroup_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/cgroup.h"

#define MOVE_ATTEMPTS 100 /* new processes may appear while the known ones move */

struct limit {
	const char *property;   /* as the composition calls it */
	const char *controller; /* as cgroup.controllers calls it */
	const char *file;
	char value[48]; /* "": not asked for */
};

enum { MEMORY, CPU_WEIGHT, CPU_MAX, PIDS, IO_WEIGHT, LIMIT_COUNT };

static void put(struct limit *limit, int64_t amount, const char *behind)
{
	if (amount > 0)
		snprintf(limit->value, sizeof(limit->value), "%" PRId64 "%s", amount, behind);
}

static void list_limits(const struct container *container, struct limit limits[LIMIT_COUNT])
{
	static const struct limit all[LIMIT_COUNT] = {
		[MEMORY] = { "memory", "memory", "memory.max", "" },  [CPU_WEIGHT] = { "cpu", "cpu", "cpu.weight", "" },
		[CPU_MAX] = { "cpu", "cpu", "cpu.max", "" },          [PIDS] = { "pids", "pids", "pids.max", "" },
		[IO_WEIGHT] = { "io_weight", "io", "io.weight", "" },
	};

	memcpy(limits, all, sizeof(all));
	put(&limits[MEMORY], container->memory_max, "");
	put(&limits[CPU_WEIGHT], container->cpu_weight, "");
	put(&limits[CPU_MAX], container->cpu_max_us, " 100000");
	put(&limits[PIDS], container->pids_max, "");
	put(&limits[IO_WEIGHT], container->io_weight, "");
}

const char *limits_first(const struct container *container)
{
	struct limit limits[LIMIT_COUNT];

	list_limits(container, limits);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (limits[i].value[0])
			return limits[i].property;
	}
	return NULL;
}

/* Once each, though the cpu has two files. */
static void name_limit(const struct limit *limit, char text[LIMITS_TEXT])
{
	size_t length = strlen(text);

	if (!strstr(text, limit->property))
		snprintf(text + length, LIMITS_TEXT - length, "%s'%s'", length ? ", " : "", limit->property);
}

void limits_name(const struct container *container, char text[LIMITS_TEXT])
{
	struct limit limits[LIMIT_COUNT];

	list_limits(container, limits);
	text[0] = '\0';
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (limits[i].value[0])
			name_limit(&limits[i], text);
	}
}

int limits_hint(const char *property, struct ct_err *err)
{
	if (geteuid() != 0)
		return ct_err_hint(err,
				   "run in a cgroup that is delegated to you ('systemd-run --user --scope -p "
				   "Delegate=yes ctst run …') or as root; or run without the limit: --allow-unlimited");
	return ct_err_hint(err,
			   "'ctst doctor' shows the controllers; take '%s' out, or run without the limit: "
			   "--allow-unlimited",
			   property);
}

static int cannot_limit(const struct limit *limit, struct ct_err *err)
{
	ct_fail(err, "R002", "'%s' cannot be enforced: the cgroup v2 controller '%s' is not available", limit->property,
		limit->controller);
	return limits_hint(limit->property, err);
}

static int write_file(int directory, const char *name, const char *text)
{
	ct_autoclose int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : ct_write_all(fd, text, strlen(text));
}

/* Moves the processes of `base` one level down. -1 when one of them may not be moved. */
static int move_callers(int base)
{
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int callers = -1;
	char *rest, *pid;

	if (mkdirat(base, CGROUP_CALLERS, 0755) < 0 && errno != EEXIST)
		return -1;
	callers = openat(base, CGROUP_CALLERS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (callers < 0 || ct_read_file_at(base, "cgroup.procs", (size_t)1 << 20, &text) < 0)
		return -1;
	for (rest = text.data; rest && (pid = strsep(&rest, "\n"));) {
		/* ESRCH: it has ended in the meantime. */
		if (*pid && write_file(callers, "cgroup.procs", pid) < 0 && errno != ESRCH)
			return -1;
	}
	return 0;
}

/*
 * A controller must be handed down by the group above before the group's own files appear. Processes in that group are
 * in the way (EBUSY); they are moved for a limit that was asked for, not for one that nobody will miss.
 */
static int hand_down(int base, const char *controller, bool may_move)
{
	char text[32];

	snprintf(text, sizeof(text), "+%s", controller);
	for (int attempt = 0; attempt < MOVE_ATTEMPTS; attempt++) {
		if (write_file(base, "cgroup.subtree_control", text) == 0)
			return 0;
		if (errno != EBUSY || !may_move || move_callers(base) < 0)
			return -1;
	}
	return -1;
}

static int apply(const struct limit *limit, int base, int group, bool may_move)
{
	if (write_file(group, limit->file, limit->value) == 0)
		return 0;
	return hand_down(base, limit->controller, may_move) < 0 ? -1 : write_file(group, limit->file, limit->value);
}

int limits_apply(const struct container *container, const char *path, int group, char unlimited[LIMITS_TEXT],
		 struct ct_err *err)
{
	struct limit limits[LIMIT_COUNT];
	ct_autoclose int base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	list_limits(container, limits);
	if (unlimited)
		unlimited[0] = '\0';
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!limits[i].value[0] || apply(&limits[i], base, group, true) == 0)
			continue;
		if (!unlimited)
			return cannot_limit(&limits[i], err);
		name_limit(&limits[i], unlimited);
	}
	/* No second memory in the swap; the file is missing where there is none. */
	if (limits[MEMORY].value[0])
		(void)write_file(group, "memory.swap.max", "0");
	if (!limits[PIDS].value[0]) {
		put(&limits[PIDS], CONTAINER_PIDS, "");
		(void)apply(&limits[PIDS], base, group, false);
	}
	return 0;
}
