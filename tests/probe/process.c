/* What the process was given: identity, capabilities, limits, descriptors, environment, namespaces. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/probe/probe.h"

/* The value of "Name:\t…" in /proc/self/status. */
static void status_value(const char *name, char *value, size_t size)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	size_t length = strlen(name);

	value[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			snprintf(value, size, "%s", strtok(line + length + 1, "\t\n"));
	}
	if (file)
		fclose(file);
}

static void status_points(void)
{
	static const struct {
		const char *point, *name, *closed;
	} wanted[] = {
		{ "capabilities", "CapEff", "0000000000000000" },
		{ "capabilities_bounding", "CapBnd", "0000000000000000" },
		{ "capabilities_ambient", "CapAmb", "0000000000000000" },
		{ "new_privileges", "NoNewPrivs", "1" },
		{ "seccomp", "Seccomp", "2" },
	};
	char value[64];

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		status_value(wanted[i].name, value, sizeof(value));
		point(wanted[i].point, strcmp(value, wanted[i].closed) != 0, value);
	}
}

static void root_of_host(void)
{
	FILE *file = fopen("/proc/self/uid_map", "r");
	unsigned inside = 0, outside = 0, count = 0;
	bool is = !file || fscanf(file, "%u %u %u", &inside, &outside, &count) != 3 || outside == 0;

	if (file)
		fclose(file);
	point("root_is_root", is, is ? "id 0 is the host's id 0" : "id 0 is another one outside");
}

static void limits(void)
{
	struct rlimit core;
	mode_t mask = umask(022);

	point("core_dumps", getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max > 1, "RLIMIT_CORE");
	point("umask", mask != 022, "umask");
}

static void lower_badness(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	bool lowered = fd >= 0 && write(fd, "-1000", 5) == 5;

	if (lowered)
		(void)!pwrite(fd, "0", 1, 0);
	point("oom_score_adj", lowered, lowered ? "can be lowered" : "cannot be lowered");
	if (fd >= 0)
		close(fd);
}

static void descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int extra = 0;

	while (directory && (entry = readdir(directory))) {
		int number = atoi(entry->d_name);

		if (number > 2 && number != dirfd(directory))
			extra++;
	}
	if (directory)
		closedir(directory);
	point("descriptors", extra > 0, extra > 0 ? "more than three" : "three");
}

static void other_processes(void)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			count++;
	}
	if (directory)
		closedir(directory);
	point("processes", count > 4, count > 4 ? "the host's" : "its own");
}

static void trace_init(void)
{
	long result = getpid() == 1 ? -1 : ptrace(PTRACE_SEIZE, 1, NULL, NULL);

	point("trace_init", result == 0, result == 0 ? "the first process can be traced" : "not possible");
}

static void directory(void)
{
	char path[4096];

	if (!getcwd(path, sizeof(path)))
		snprintf(path, sizeof(path), "(unreachable)");
	point("working_directory", path[0] != '/', path[0] == '/' ? "inside" : "outside");
}

static void connect_abstract(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
	result = connect(fd, (struct sockaddr *)&address,
			 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
	point("abstract_socket", result == 0, result == 0 ? "of the host" : strerror(errno));
	close(fd);
}

static void namespaces(int argc, char **argv)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };
	char path[64], link[64], name[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ssize_t length;
		bool same = false;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		length = readlink(path, link, sizeof(link) - 1);
		link[length < 0 ? 0 : length] = '\0';
		for (int j = 1; j < argc; j++)
			same = same || strcmp(argv[j], link) == 0;
		snprintf(name, sizeof(name), "namespace_%s", names[i]);
		point(name, same, same ? "the host's" : "its own");
	}
}

/* KEYCTL_SEARCH in KEY_SPEC_SESSION_KEYRING (linux/keyctl.h). */
static void session_key(void)
{
	long key = syscall(SYS_keyctl, 10, -3, "user", "ctst-probe", 0);

	point("session_key", key > 0, key > 0 ? "a key of the caller's session" : "none");
}

void probe_process(int argc, char **argv)
{
	root_of_host();
	status_points();
	namespaces(argc, argv);
	descriptors();
	limits();
	lower_badness();
	other_processes();
	trace_init();
	directory();
	point("environment", getenv("PROBE_OF_THE_CALLER") != NULL, "a variable of the caller's");
	point("session", getsid(0) == 0, getsid(0) == 0 ? "the caller's" : "its own");
	session_key();
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "abstract=", 9) == 0)
			connect_abstract(argv[i] + 9);
	}
}
