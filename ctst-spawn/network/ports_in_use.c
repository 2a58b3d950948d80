#include "ctst-spawn/network/ports_in_use.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define TABLE_LIMIT ((size_t)64 << 20)
#define NAME_LIMIT 64

/*
 * A line of /proc/net/tcp and its like (proc_net(5)): "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
 * 00:00000000 00000000  1000  0 12345 …". The inode of its socket when it has the port; 0 otherwise.
 */
static unsigned long inode_of(const char *line, const struct published *port)
{
	unsigned local_port, state;
	unsigned long inode;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*4x %2x %*x:%*x %*x:%*x %*x %*u %*u %lu", &local_port,
		   &state, &inode) != 3 ||
	    local_port != port->host_port)
		return 0;
	/* TCP_LISTEN: other states are connections of the port, not its owner. */
	return port->protocol == IPPROTO_TCP && state != 0x0a ? 0 : inode;
}

static unsigned long find_inode(const struct published *port)
{
	/* A socket for all IPv6 addresses may have the port of IPv4 too. */
	static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6" };
	size_t first = port->protocol == IPPROTO_TCP ? 0 : 2;

	for (size_t i = first; i < first + 2; i++) {
		ct_autobuf text = CT_BUF_INIT;

		if (ct_read_file_at(AT_FDCWD, tables[i], TABLE_LIMIT, &text) < 0 || text.length == 0)
			continue;
		for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
			unsigned long inode;

			*end = '\0';
			inode = inode_of(line, port);
			if (inode)
				return inode;
		}
	}
	return 0;
}

/* Whether the process has that socket; those of others cannot be looked at. */
static bool has_socket(const char *pid, const char *socket)
{
	ct_autofree char *path = ct_asprintf("/proc/%s/fd", pid);
	DIR *descriptors = opendir(path);
	const struct dirent *entry;
	bool found = false;

	while (descriptors && !found && (entry = readdir(descriptors))) {
		char target[64];
		ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		found = strcmp(target, socket) == 0;
	}
	if (descriptors)
		closedir(descriptors);
	return found;
}

/* Its name, without what could trick a terminal. */
static void read_name(const char *pid, char name[NAME_LIMIT])
{
	ct_autofree char *path = ct_asprintf("/proc/%s/comm", pid);
	ct_autobuf text = CT_BUF_INIT;

	if (ct_read_file_at(AT_FDCWD, path, 4096, &text) < 0 || text.length == 0)
		ct_buf_puts(&text, "?");
	text.data[strcspn(text.data, "\n")] = '\0';
	snprintf(name, NAME_LIMIT, "%s", text.data);
}

/* The first process that has the socket of the port. False: none that we may see. */
static bool find_holder(const struct published *port, char pid[16], char name[NAME_LIMIT])
{
	unsigned long inode = find_inode(port);
	ct_autofree char *socket = ct_asprintf("socket:[%lu]", inode);
	DIR *processes = inode ? opendir("/proc") : NULL;
	const struct dirent *entry;
	bool found = false;

	while (processes && !found && (entry = readdir(processes))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !has_socket(entry->d_name, socket))
			continue;
		snprintf(pid, 16, "%s", entry->d_name);
		read_name(pid, name);
		found = true;
	}
	if (processes)
		closedir(processes);
	return found;
}

/* Where a supervisor works tells whose it is: `<project>/.containust/containers/<id>`. False: it is none of ours. */
static bool find_project(const char *pid, char project[PATH_MAX])
{
	ct_autofree char *path = ct_asprintf("/proc/%s/cwd", pid);
	ssize_t length = readlink(path, project, PATH_MAX - 1);
	char *end;

	if (length <= 0)
		return false;
	project[length] = '\0';
	end = strstr(project, "/.containust/containers/");
	if (!end)
		return false;
	*end = '\0';
	return true;
}

static int fail_in_use(const struct published *port, const char *where, struct ct_err *err)
{
	char pid[16], name[NAME_LIMIT], project[PATH_MAX];

	if (!find_holder(port, pid, name)) {
		ct_fail(err, "R009", "the port %s is in use", where);
		return ct_err_hint(err,
				   "by a process of somebody else ('ss -lp' as root names it); choose another port in "
				   "EXPOSE, or end that process");
	}
	if (find_project(pid, project)) {
		ct_fail(err, "R009", "the port %s is in use by a container of the project '%s'", where, project);
		return ct_err_hint(err, "stop it with 'ctst -C %s stop', or choose another port in EXPOSE", project);
	}
	ct_fail(err, "R009", "the port %s is in use by process %s (%s)", where, pid, name);
	return ct_err_hint(err, "choose another port in EXPOSE, or end that process");
}

int port_fail(const struct published *port, struct ct_err *err)
{
	int failure = errno;
	char where[80];

	published_format(port, where);
	if (failure == EADDRINUSE)
		return fail_in_use(port, where, err);
	errno = failure;
	ct_fail_errno(err, "R009", "the port %s cannot be published", where);
	if (failure == EACCES)
		return ct_err_hint(err, "ports below the sysctl net.ipv4.ip_unprivileged_port_start (1024) need root");
	if (failure == EADDRNOTAVAIL)
		return ct_err_hint(err,
				   "it is not an address of this host: 'ip addr' shows those, 0.0.0.0 is all of them");
	return -1;
}
