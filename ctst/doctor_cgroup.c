/* Control groups: where they are, and which limits they can enforce. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "ctst-spawn/cgroup.h"
#include "ctst/doctor.h"

static enum finding mounted(const struct check *check, struct ct_buf *detail)
{
	char path[PATH_MAX];

	if (cgroup_find_mount(path, sizeof(path))) {
		ct_buf_printf(detail, "at '%s': %s", path, check->use);
		return FINDING_OK;
	}
	ct_buf_puts(detail, "not mounted: no limits; mount -t cgroup2 none /sys/fs/cgroup");
	return FINDING_WARNING;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		bool begins = at == text || at[-1] == ' ';

		if (begins && (at[length] == ' ' || at[length] == '\n' || at[length] == '\0'))
			return true;
	}
	return false;
}

static enum finding controller(const struct check *check, struct ct_buf *detail)
{
	const char *base = cgroup_base();
	ct_autobuf text = CT_BUF_INIT;
	ct_autoclose int directory = -1;

	if (base)
		directory = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0 && ct_read_file_at(directory, "cgroup.controllers", 4096, &text) == 0 &&
	    has_word(text.length ? text.data : "", check->text)) {
		ct_buf_puts(detail, check->use);
		return FINDING_OK;
	}
	ct_buf_printf(detail, "no '%s' controller in cgroup v2 here: such a limit is refused, never ignored",
		      check->text);
	return FINDING_WARNING;
}

/* Really makes a group, as ctst-spawn does, looks, and removes it. */
static enum finding own_groups(const struct check *check, struct ct_buf *detail)
{
	struct container container = { .name = "doctor" };
	struct ct_err err = CT_ERR_INIT;
	char directory[32], unlimited[LIMITS_TEXT], path[PATH_MAX] = "";
	ct_autoclose int fd = -1;
	bool kills;

	/* A directory that only this process has gives its group a name that nobody else's has. */
	snprintf(directory, sizeof(directory), "/proc/%d", (int)getpid());
	if (cgroup_create(&container, directory, path, sizeof(path), &fd, unlimited, &err) < 0 || fd < 0) {
		ct_buf_puts(detail, "cannot be made: containers run without one, and limits are refused");
		return FINDING_WARNING;
	}
	kills = faccessat(fd, "cgroup.kill", W_OK, 0) == 0;
	(void)cgroup_remove(path);
	if (!kills) {
		ct_buf_puts(detail, "without cgroup.kill, which Linux 5.14 has");
		return FINDING_WARNING;
	}
	ct_buf_puts(detail, check->use);
	return FINDING_OK;
}

const struct check doctor_cgroup_checks[] = {
	{ "cgroup v2", mounted, .use = "containers are accounted for and killed as a whole" },
	{ "own cgroups", own_groups, .use = "can be made; cgroup.kill is there" },
	{ "memory limit", controller, .text = "memory", .use = "memory = \"…\" is enforced" },
	{ "cpu limit", controller, .text = "cpu", .use = "cpu = … is enforced" },
	{ "pids limit", controller, .text = "pids", .use = "the number of processes is limited" },
	{ "io control", controller, .text = "io",
	  .use = "io_weight = … is enforced where the scheduler of the disk knows weights" },
	{ 0 },
};
