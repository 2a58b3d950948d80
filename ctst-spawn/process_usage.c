#include "ctst-spawn/process_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/file.h"

#define MOST_PROCESSES 65536 /* that are looked at; a container has a limit far below, unless it was told otherwise */
#define CHILDREN_LIMIT ((size_t)1 << 20)
#define MICROSECONDS INT64_C(1000000)

static bool read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ct_autoclose int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, size - 1);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

/* proc_pid_statm(5): "size resident …" in pages. */
static void add_resident(pid_t pid, struct process_usage *sum)
{
	char text[256];
	int64_t resident;

	if (read_file(pid, "statm", text, sizeof(text)) && sscanf(text, "%*d %" SCNd64, &resident) == 1)
		sum->resident += resident * sysconf(_SC_PAGESIZE);
}

/* proc_pid_stat(5): fields 14 to 17, counted from behind the name, which may hold anything. */
static void add_times(pid_t pid, struct process_usage *sum)
{
	char text[1024];
	const char *behind;
	int64_t user, system, children_user, children_system;

	if (!read_file(pid, "stat", text, sizeof(text)) || !(behind = strrchr(text, ')')) ||
	    sscanf(behind + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &user,
		   &system, &children_user, &children_system) != 4)
		return;
	sum->cpu_us += (user + system + children_user + children_system) * (MICROSECONDS / sysconf(_SC_CLK_TCK));
}

static void add(pid_t pid, pid_t init, bool times, struct process_usage *sum)
{
	if (times)
		add_times(pid, sum);
	if (pid != init)
		add_resident(pid, sum);
}

void process_usage_of_list(char *list, pid_t init, bool times, struct process_usage *sum)
{
	char *line;

	for (int count = 0; count < MOST_PROCESSES && (line = strsep(&list, "\n")); count++) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid > 0)
			add(pid, init, times, sum);
	}
}

/* proc_pid_task(5), children: pids with spaces between them. They are put behind those that wait. */
static void append_children_of_task(int tasks, const char *task, struct ct_buf *waiting)
{
	ct_autofree char *path = ct_asprintf("%s/children", task);
	ct_autobuf text = CT_BUF_INIT;
	char *rest, *word;

	if (ct_read_file_at(tasks, path, CHILDREN_LIMIT, &text) < 0)
		return;
	for (rest = text.data; (word = strsep(&rest, " "));) {
		pid_t child = (pid_t)strtol(word, NULL, 10);

		if (child > 0 && waiting->length < MOST_PROCESSES * sizeof(child))
			ct_buf_append(waiting, &child, sizeof(child));
	}
}

/* Each thread has children of its own. */
static void append_children(pid_t pid, struct ct_buf *waiting)
{
	char path[64];
	DIR *tasks;
	const struct dirent *task;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (task = readdir(tasks))) {
		if (task->d_name[0] != '.')
			append_children_of_task(dirfd(tasks), task->d_name, waiting);
	}
	if (tasks)
		closedir(tasks);
}

void process_usage_of_descendants(pid_t init, bool times, struct process_usage *sum)
{
	ct_autobuf waiting = CT_BUF_INIT;

	ct_buf_append(&waiting, &init, sizeof(init));
	for (size_t at = 0; at < waiting.length; at += sizeof(pid_t)) {
		pid_t pid;

		memcpy(&pid, waiting.data + at, sizeof(pid));
		add(pid, init, times, sum);
		append_children(pid, &waiting);
	}
}
