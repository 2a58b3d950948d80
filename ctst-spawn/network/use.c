#include "ctst-spawn/network/use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/network_name.h"
#include "ctst-spawn/network/bridge.h"
#include "ctst-spawn/network/rules.h"
#include "ctst-spawn/network/uplink.h"

#define LOCK ".lock"
#define HOSTS ".hosts"
#define LONGEST_FILE 48

static const char *const endings[] = { [USE_ON_HOST] = "", [USE_INSIDE] = ".inside", [USE_OFFLINE] = ".offline" };

void use_name(const char *state_file, const char *network, enum use_where where, char name[USE_NAME_LENGTH + 1])
{
	ct_bridge_name(state_file, network, name);
	strcpy(name + CT_BRIDGE_NAME_LENGTH, endings[where]);
}

static const char *file_name(const char *name, const char *end, char file[LONGEST_FILE])
{
	snprintf(file, LONGEST_FILE, "%s%s", name, end);
	return file;
}

int use_open_directory(const char *root, bool create)
{
	ct_autofree char *path = ct_asprintf("%s/networks", root);

	if (create && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* A file that was removed between opening and locking is not the one that others will find. */
static bool is_current(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int use_lock(int directory, const char *name)
{
	char file[LONGEST_FILE];

	for (;;) {
		ct_autoclose int fd = openat(directory, file_name(name, LOCK, file),
					     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -1;
		while (flock(fd, LOCK_SH) < 0) {
			if (errno != EINTR)
				return -1;
		}
		if (is_current(fd))
			return ct_take_fd(&fd);
	}
}

/* The kernel's part of it; both have the same name, and mostly only one of them is there. */
static bool take_down(const char *name)
{
	autonetlink netlink = NETLINK_INIT;
	char bridge[CT_BRIDGE_NAME_LENGTH + 1], table[RULES_TABLE_LENGTH];

	snprintf(bridge, sizeof(bridge), "%s", name);
	if (netlink_open(&netlink, NETLINK_ROUTE) < 0 || bridge_remove(&netlink, bridge) < 0)
		return false;
	/* Rules are the host's only. */
	if (name[CT_BRIDGE_NAME_LENGTH])
		return true;
	rules_table_name(bridge, table);
	/* Who may not remove any has made none. */
	return rules_remove(table) == 0 || errno == EPERM || rules_are_unknown(errno);
}

/* The lock is exclusively ours: nobody uses it, and nobody can begin to. */
static void remove_unused(int directory, const char *name, bool here)
{
	char file[LONGEST_FILE];

	if (here && !take_down(name))
		return;
	(void)unlinkat(directory, file_name(name, HOSTS, file), 0);
	/* Of somebody who was killed while writing it: ct_replace_file_at(). */
	snprintf(file, sizeof(file), ".%s" HOSTS ".new", name);
	(void)unlinkat(directory, file, 0);
	(void)unlinkat(directory, file_name(name, LOCK, file), 0);
}

void use_unlock(int directory, const char *name, int lock, bool here)
{
	/*
	 * The change to an exclusive lock gives the shared one up first (flock(2)): of two that end at the same time at
	 * least the later one gets it.
	 */
	if (flock(lock, LOCK_EX | LOCK_NB) == 0 && is_current(lock))
		remove_unused(directory, name, here);
	close(lock);
}

/* "ct-0123456789.lock": the name without its end. */
static bool is_lock_name(const char *file, char name[USE_NAME_LENGTH + 1])
{
	size_t length = strlen(file) > strlen(LOCK) ? strlen(file) - strlen(LOCK) : 0;
	char bridge[CT_BRIDGE_NAME_LENGTH + 1];
	bool known = false;

	if (length < CT_BRIDGE_NAME_LENGTH || length > USE_NAME_LENGTH || strcmp(file + length, LOCK) != 0)
		return false;
	snprintf(name, length + 1, "%s", file);
	snprintf(bridge, sizeof(bridge), "%s", file);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		known |= strcmp(name + CT_BRIDGE_NAME_LENGTH, endings[i]) == 0;
	return known && ct_is_bridge_name(bridge);
}

/* Calls `each` for what nobody uses, with its lock held; ends when that returns false. Returns whether it did. */
static bool for_each_leftover(const char *root, bool (*each)(int directory, const char *name))
{
	ct_autoclose int directory = use_open_directory(root, false);
	DIR *entries = directory >= 0 ? fdopendir(fcntl(directory, F_DUPFD_CLOEXEC, 3)) : NULL;
	const struct dirent *entry;
	bool ended = false;

	while (entries && !ended && (entry = readdir(entries))) {
		char name[USE_NAME_LENGTH + 1];
		ct_autoclose int fd = -1;

		if (!is_lock_name(entry->d_name, name))
			continue;
		fd = openat(directory, entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_current(fd))
			ended = !each(directory, name);
	}
	if (entries)
		closedir(entries);
	return ended;
}

static bool found(int directory, const char *name)
{
	(void)directory;
	(void)name;
	return false;
}

static bool remove_one(int directory, const char *name)
{
	/* A namespace of the project has gone with its last process. */
	remove_unused(directory, name, name[CT_BRIDGE_NAME_LENGTH] == '\0');
	return true;
}

bool use_has_leftovers(const char *root)
{
	return for_each_leftover(root, found) || (geteuid() == 0 && uplink_has_leftovers());
}

void use_sweep(const char *root)
{
	(void)for_each_leftover(root, remove_one);
	if (geteuid() == 0)
		uplink_sweep();
}
