#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/capability_names.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/process.h"
#include "ctst-spawn/confine/landlock.h"
#include "ctst-spawn/inspect.h"

#define PROC_FILE_LIMIT 65536

static int read_proc(pid_t pid, const char *name, struct ct_buf *text)
{
	ct_autofree char *path = ct_asprintf("/proc/%d/%s", (int)pid, name);

	ct_buf_clear(text);
	ct_buf_puts(text, "");
	return ct_read_file_at(AT_FDCWD, path, PROC_FILE_LIMIT, text);
}

/* The container's init forks nothing before its command, whose pid in there is therefore 2. 0: it is gone. */
static pid_t find_payload(pid_t init)
{
	ct_autofree char *children = ct_asprintf("task/%d/children", (int)init);
	ct_autobuf list = CT_BUF_INIT, text = CT_BUF_INIT;
	char *rest, *word;

	if (read_proc(init, children, &list) < 0)
		return 0;
	for (rest = list.data; (word = strsep(&rest, " "));) {
		pid_t pid = (pid_t)strtol(word, NULL, 10);
		const char *line;

		if (pid <= 0 || read_proc(pid, "status", &text) < 0 || !(line = strstr(text.data, "\nNSpid:")))
			continue;
		line = memrchr(line, '\t', strcspn(line + 1, "\n") + 1);
		if (line && strtol(line, NULL, 10) == 2)
			return pid;
	}
	return 0;
}

/* Without root, those of the init are not ours to see: nobody but root may look into it (close_off() in init.c). */
static int find_namespace(pid_t init, pid_t payload, const char *name, struct stat *status)
{
	const pid_t pids[] = { payload, init };

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		ct_autofree char *path = ct_asprintf("/proc/%d/ns/%s", (int)pids[i], name);

		if (pids[i] > 0 && stat(path, status) == 0)
			return 0;
	}
	return -1;
}

static void write_namespaces(struct ct_json_writer *writer, pid_t init, pid_t payload)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time" };

	ct_json_key(writer, "namespaces");
	ct_json_open_object(writer);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat status;

		if (find_namespace(init, payload, names[i], &status) == 0)
			ct_json_member_int(writer, names[i], (int64_t)status.st_ino);
	}
	ct_json_close_object(writer);
}

/* user_namespaces(7): inside, outside, count on each line; outside is as this process sees it. */
static void write_map(struct ct_json_writer *writer, const char *key, pid_t pid, const char *name)
{
	ct_autobuf text = CT_BUF_INIT;
	char *rest, *line;

	ct_json_key(writer, key);
	ct_json_open_array(writer);
	(void)read_proc(pid, name, &text);
	for (rest = text.data; (line = strsep(&rest, "\n"));) {
		int64_t inside, outside, count;

		if (sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64, &inside, &outside, &count) != 3)
			continue;
		ct_json_open_object(writer);
		ct_json_member_int(writer, "inside", inside);
		ct_json_member_int(writer, "outside", outside);
		ct_json_member_int(writer, "count", count);
		ct_json_close_object(writer);
	}
	ct_json_close_array(writer);
}

/* "\nName:\t…" of proc_pid_status(5); NULL when there is no such line. */
static const char *find_value(const struct ct_buf *text, const char *name)
{
	const char *line = strstr(text->data, name);

	return line ? line + strlen(name) : NULL;
}

static void write_capabilities(struct ct_json_writer *writer, const char *key, const char *value)
{
	uint64_t set = value ? strtoull(value, NULL, 16) : 0;

	if (!value)
		return;
	ct_json_key(writer, key);
	ct_json_open_array(writer);
	for (int i = 0; i < 64; i++) {
		char number[16];

		if (!(set & UINT64_C(1) << i))
			continue;
		snprintf(number, sizeof(number), "%d", i);
		ct_json_string(writer, i < CT_CAPABILITY_COUNT ? ct_capability_names[i] : number);
	}
	ct_json_close_array(writer);
}

/* The kernel does not tell it of a process; it follows from the kernel and the configuration. */
static void write_landlock(struct ct_json_writer *writer, const struct container *container)
{
	struct landlock_domain domain = landlock_domain(container);

	ct_json_key(writer, "landlock");
	ct_json_open_object(writer);
	ct_json_member_int(writer, "abi", domain.version);
	ct_json_member_bool(writer, "files", domain.files);
	ct_json_member_bool(writer, "signals", domain.signals);
	ct_json_close_object(writer);
}

/* Of the command itself: its init keeps more than it. */
static void write_security(struct ct_json_writer *writer, pid_t payload, const struct container *container)
{
	static const char *const modes[] = { "disabled", "strict", "filter" };
	ct_autobuf text = CT_BUF_INIT;
	const char *value;

	if (payload <= 0 || read_proc(payload, "status", &text) < 0)
		return;
	ct_json_key(writer, "security");
	ct_json_open_object(writer);
	write_capabilities(writer, "capabilities", find_value(&text, "\nCapEff:\t"));
	write_capabilities(writer, "bounding", find_value(&text, "\nCapBnd:\t"));
	value = find_value(&text, "\nNoNewPrivs:\t");
	if (value)
		ct_json_member_bool(writer, "no_new_privileges", value[0] == '1');
	value = find_value(&text, "\nSeccomp:\t");
	if (value && value[0] >= '0' && value[0] <= '2')
		ct_json_member_string(writer, "seccomp", modes[value[0] - '0']);
	value = find_value(&text, "\nSeccomp_filters:\t");
	if (value)
		ct_json_member_int(writer, "seccomp_filters", strtol(value, NULL, 10));
	write_landlock(writer, container);
	ct_json_close_object(writer);
}

static void write_pid(struct ct_json_writer *writer, const char *key, pid_t pid)
{
	if (pid > 0)
		ct_json_member_int(writer, key, pid);
}

void inspect_write_processes(struct ct_json_writer *writer, const struct ct_status *status,
			     const struct container *container)
{
	ct_autoclose int pidfd = -1;
	pid_t init = 0, payload = 0;

	if (!status->alive)
		return;
	/* As long as this is open nobody else gets the pid that is read from. */
	if (status->init.pid > 0)
		pidfd = ct_process_open(&status->init);
	if (pidfd >= 0) {
		init = status->init.pid;
		payload = find_payload(init);
	}
	ct_json_key(writer, "processes");
	ct_json_open_object(writer);
	write_pid(writer, "supervisor", status->supervisor.pid);
	write_pid(writer, "init", init);
	write_pid(writer, "command", payload);
	ct_json_close_object(writer);
	if (init <= 0)
		return;
	write_namespaces(writer, init, payload);
	ct_json_key(writer, "ids");
	ct_json_open_object(writer);
	write_map(writer, "users", init, "uid_map");
	write_map(writer, "groups", init, "gid_map");
	ct_json_close_object(writer);
	write_security(writer, payload, container);
}
