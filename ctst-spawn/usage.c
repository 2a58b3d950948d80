#include "ctst-spawn/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "ctst-spawn/process_usage.h"

#define SECOND INT64_C(1000000000)
#define STAT_LIMIT 8192
#define FEW_PROCESSES 4096 /* bytes of a list that is read at once; less than half of it is surely all */
#define PROCESSES_LIMIT ((size_t)1 << 20)

/* Files of the kernel of at most `size` - 1 bytes, in one read(2). -1: it cannot be read. */
static int read_small(const char *directory, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	ct_autoclose int fd = -1;
	ssize_t length;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return -1;
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, size - 1);
	text[length < 0 ? 0 : length] = '\0';
	return length < 0 ? -1 : 0;
}

static int64_t since_boot(uint64_t ticks)
{
	static long per_second;

	if (!per_second)
		per_second = sysconf(_SC_CLK_TCK);
	return (int64_t)(ticks / (uint64_t)per_second) * SECOND +
	       (int64_t)(ticks % (uint64_t)per_second) * (SECOND / per_second);
}

/* The group is as old as the supervisor: it counts over restarts. */
static void read_cpu(const struct ct_status *status, struct usage *usage)
{
	static const char key[] = "usage_usec ";
	char text[STAT_LIMIT];
	const char *line;

	if (!status->cgroup[0] || read_small(status->cgroup, "cpu.stat", text, sizeof(text)) < 0)
		return;
	line = strstr(text, key);
	if (!line || status->supervisor.pid == 0)
		return;
	usage->cpu_us = strtoll(line + strlen(key), NULL, 10);
	usage->cpu_since = since_boot(status->supervisor.start_time);
	usage->cpu_source = USAGE_CGROUP;
}

static void read_memory(const struct ct_status *status, struct usage *usage)
{
	char text[64];

	if (!status->cgroup[0] || read_small(status->cgroup, "memory.current", text, sizeof(text)) < 0 ||
	    text[0] < '0' || text[0] > '9')
		return;
	usage->memory = strtoll(text, NULL, 10);
	usage->memory_source = USAGE_CGROUP;
}

static bool add_group(const struct ct_status *status, bool times, struct process_usage *sum)
{
	ct_autofree char *path = NULL;
	ct_autobuf list = CT_BUF_INIT;
	char few[FEW_PROCESSES];

	if (read_small(status->cgroup, "cgroup.procs", few, sizeof(few)) < 0)
		return false;
	if (strlen(few) < sizeof(few) / 2) {
		process_usage_of_list(few, status->init.pid, times, sum);
		return true;
	}
	path = ct_asprintf("%s/cgroup.procs", status->cgroup);
	if (ct_read_file_at(AT_FDCWD, path, PROCESSES_LIMIT, &list) < 0)
		return false;
	process_usage_of_list(list.data, status->init.pid, times, sum);
	return true;
}

/* What the group does not tell is asked of each process. */
static void read_processes(const struct ct_status *status, struct usage *usage)
{
	struct process_usage sum = { 0 };
	bool times = usage->cpu_source == USAGE_UNKNOWN;

	if (!times && usage->memory_source != USAGE_UNKNOWN)
		return;
	if (!status->cgroup[0])
		process_usage_of_descendants(status->init.pid, times, &sum);
	else if (!add_group(status, times, &sum))
		return;
	if (usage->memory_source == USAGE_UNKNOWN) {
		usage->memory = sum.resident;
		usage->memory_source = USAGE_PROCESSES;
	}
	if (times) {
		usage->cpu_us = sum.cpu_us;
		usage->cpu_since = since_boot(status->init.start_time);
		usage->cpu_source = USAGE_PROCESSES;
	}
}

void usage_read(const struct ct_status *status, struct usage *usage)
{
	*usage = (struct usage){ .received = -1, .sent = -1 };
	if (status->state != CT_RUNNING && status->state != CT_RESTARTING)
		return;
	usage->at = ct_monotonic();
	read_cpu(status, usage);
	if (status->state != CT_RUNNING || status->init.pid <= 0)
		return;
	read_memory(status, usage);
	read_processes(status, usage);
}

int64_t usage_interval(const struct usage *before, const struct usage *usage)
{
	return usage->at - (before ? before->at : usage->cpu_since);
}

int64_t usage_cpu(const struct usage *before, const struct usage *usage)
{
	int64_t spent = usage->cpu_us - (before ? before->cpu_us : 0);
	int64_t interval_us = usage_interval(before, usage) / 1000;

	if (usage->cpu_source == USAGE_UNKNOWN || interval_us <= 0 || spent < 0 ||
	    (before && (before->cpu_source != usage->cpu_source || before->cpu_since != usage->cpu_since)))
		return -1;
	return (int64_t)((double)spent * 10000.0 / (double)interval_us + 0.5);
}
