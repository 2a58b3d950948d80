/* Which files can be read and written, and which devices there are. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/probe/probe.h"

static void can_write(const char *name, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	point(name, fd >= 0, fd >= 0 ? "can be opened for writing" : strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* A file that holds something, or a directory that does. */
static void can_read(const char *name, const char *path)
{
	char byte;
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool open_to_us = false;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		DIR *directory = fdopendir(fd);
		int entries = 0;

		while (directory && readdir(directory))
			entries++;
		if (directory)
			closedir(directory);
		point(name, entries > 2, entries > 2 ? "has entries" : "empty");
		return;
	}
	if (fd < 0) {
		point(name, false, strerror(errno));
		return;
	}
	open_to_us = read(fd, &byte, 1) == 1;
	point(name, open_to_us, open_to_us ? "can be read" : "empty");
	close(fd);
}

static void can_create(const char *name, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	point(name, fd >= 0, fd >= 0 ? "a file was made" : strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

static void can_make_directory(const char *name, const char *path)
{
	int result = mkdir(path, 0700);

	point(name, result == 0, result == 0 ? "a directory was made" : strerror(errno));
	if (result == 0)
		rmdir(path);
}

static void can_make_device(void)
{
	static const char path[] = "/tmp/probe-device";
	int made = mknod(path, S_IFBLK | 0600, makedev(8, 0)), fd;

	if (made < 0) {
		point("make_device", false, strerror(errno));
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* A disk that is not there answers with ENXIO: the node itself was let through. */
	point("make_device", fd >= 0 || errno == ENXIO, "made");
	if (fd >= 0)
		close(fd);
	unlink(path);
}

/* The one device that the kernel lets anybody make (OverlayFS marks removed files with it); Landlock does not. */
static void can_make_whiteout(void)
{
	static const char path[] = "/tmp/probe-whiteout";
	int made = mknod(path, S_IFCHR | 0600, 0);

	point("make_whiteout", made == 0, made == 0 ? "made" : strerror(errno));
	if (made == 0)
		unlink(path);
}

static void has_other_devices(void)
{
	static const char harmless[] =
		" . .. null zero full random urandom tty console pts shm mqueue ptmx fd stdin stdout stderr core ";
	DIR *directory = opendir("/dev");
	struct dirent *entry;
	char found[64] = "", word[280];

	while (directory && (entry = readdir(directory))) {
		snprintf(word, sizeof(word), " %s ", entry->d_name);
		if (!strstr(harmless, word))
			snprintf(found, sizeof(found), "%.60s", entry->d_name);
	}
	if (directory)
		closedir(directory);
	point("devices", found[0] != '\0', found[0] ? found : "the harmless ones");
}

/* What the host mounts later would appear here: a mount that follows another one has master:N (mountinfo in proc(5)). */
static void follows_mounts(void)
{
	char line[4096];
	FILE *mounts = fopen("/proc/self/mountinfo", "r");
	bool follows = false;

	while (mounts && fgets(line, sizeof(line), mounts)) {
		char *end = strstr(line, " - ");

		if (end)
			*end = '\0';
		if (strstr(line, " master:"))
			follows = true;
	}
	if (mounts)
		fclose(mounts);
	point("mount_propagation", follows, follows ? "mounts of the host appear" : "private");
}

void probe_files(void)
{
	can_create("write_root", "/probe-file");
	can_create("write_dev", "/dev/probe-file");
	can_create("write_bin", "/bin/probe-file");
	can_write("proc_sys", "/proc/sys/kernel/domainname");
	can_write("core_pattern", "/proc/sys/kernel/core_pattern");
	can_write("sysrq", "/proc/sysrq-trigger");
	can_write("proc_irq", "/proc/irq/default_smp_affinity");
	can_write("sys", "/sys/kernel/profiling");
	can_write("sys_uevent", "/sys/devices/system/cpu/cpu0/uevent");
	can_write("uevent_helper", "/sys/kernel/uevent_helper");
	can_write("sys_power", "/sys/power/state");
	can_make_directory("cgroup", "/sys/fs/cgroup/probe");
	can_write("release_agent", "/sys/fs/cgroup/release_agent");
	can_write("cgroup_procs", "/sys/fs/cgroup/cgroup.procs");
	can_read("kcore", "/proc/kcore");
	can_read("keys", "/proc/keys");
	can_read("timer_list", "/proc/timer_list");
	can_read("interrupts", "/proc/interrupts");
	can_read("sched_debug", "/proc/sched_debug");
	can_read("latency_stats", "/proc/latency_stats");
	can_read("acpi", "/proc/acpi");
	can_read("asound", "/proc/asound");
	can_read("scsi", "/proc/scsi");
	can_read("firmware", "/sys/firmware");
	can_read("sys_dev_block", "/sys/dev/block");
	can_read("powercap", "/sys/devices/virtual/powercap");
	can_read("thermal_throttle", "/sys/devices/system/cpu/cpu0/thermal_throttle");
	can_read("kernel_log", "/dev/kmsg");
	can_read("memory", "/dev/mem");
	can_read("debugfs", "/sys/kernel/debug");
	can_read("tracefs", "/sys/kernel/tracing");
	can_read("init_environment", "/proc/1/environ");
	can_read("init_root", "/proc/1/root/");
	can_read("init_descriptors", "/proc/1/fd/");
	can_make_device();
	can_make_whiteout();
	has_other_devices();
	follows_mounts();
}
